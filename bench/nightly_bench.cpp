#include "bench/nightly_bench.hpp"

#include "bench/database.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/http_client.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;
using testing::bare_repository;

constexpr auto patience = std::chrono::minutes{15};

class nightly_bench {
public:
  explicit nightly_bench(const nightly_bench_settings& settings)
      : settings_{settings}, work_{settings.work_dir, false}, node_{settings.node, work_ / "node", environment()},
        db_{node_.watch().database_url} {}

  bool run() {
    follow_all();
    std::ofstream{"/proc/" + std::to_string(node_.pid()) + "/clear_refs"} << "5"; // the peak counts from now on
    standin_.set_faults(
        {.rate = 1, .kinds = {testing::fault_kind::stall}, .stall = std::chrono::milliseconds{settings_.latency_ms}});
    const auto first = night("first run"); // of a node whose rows are as new
    const auto second = night("the next night");
    return first == settings_.changed && second == 0;
  }

private:
  std::map<std::string, std::string> environment() {
    standin_.add_token("bench-token", {.login = "bench", .user_id = 1});
    return {{"INGOT_GITHUB_API_URL", standin_.api_url()},
            {"GITHUB_TOKEN", "bench-token"},
            {"INGOT_NIGHTLY_SCHEDULE", "never"},
            {"INGOT_CONTENTS_FALLBACK_INTERVAL_MS", "0"},
            {"LOG_LEVEL", "warn"}};
  }

  testing::http_answer ask(std::string_view method, const std::string& target, const std::string& body = {}) {
    auto client = testing::http_client{node_.port(), std::chrono::minutes{1}};
    return client.request(method, target,
                          {{"Authorization", std::string{"Bearer "} + admin_token}, {"Content-Type", "application/json"}}, body);
  }

  void wait_for(const std::function<bool()>& condition, const char* what) {
    for (const auto end = steady::now() + patience; !condition(); std::this_thread::sleep_for(std::chrono::milliseconds{50}))
      if (steady::now() > end)
        throw std::runtime_error{std::string{what} + " did not end"};
  }

  std::int64_t host(const std::string& name, const bare_repository& of) {
    auto x = testing::hosted_repository{};
    x.owner = "bench";
    x.name = name;
    x.path = of.path();
    return standin_.add(x);
  }

  /// One is synced, the others are copies of its row; those that have changed are another repository by now.
  void follow_all() {
    before_.commit({{"README.md", "100644", "# before\n", {}}});
    after_.commit({{"README.md", "100644", "# after\n", {}}, {"a.txt", "100644", "new\n", {}}});
    host("seed", before_);
    if (const auto answer = ask("POST", "/api/v1/repositories", R"({"provider":"github","owner":"bench","name":"seed"})");
        answer.status != 201)
      throw std::runtime_error{"following a repository answered " + std::to_string(answer.status) + ": " + answer.body};
    wait_for([&] { return db_.number("SELECT count(*) FROM provider_repositories WHERE complete") == 1; }, "the first sync");
    auto values = std::string{};
    for (auto i = 1; i < settings_.repositories; ++i) {
      const auto name = "copy" + std::to_string(i);
      const auto id = host(name, i <= settings_.changed ? after_ : before_);
      values += (values.empty() ? "('" : ",('") + name + "'," + std::to_string(id) + ")";
    }
    db_.run(
        "INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch, last_synced_at, "
        "last_commit_sha, last_tree_sha, last_branch, filters, etag, complete) SELECT user_id, provider, owner, v.name, v.id, "
        "default_branch, last_synced_at, last_commit_sha, last_tree_sha, last_branch, filters, etag, complete "
        "FROM provider_repositories, (VALUES " +
        values + ") v (name, id)");
  }

  /// @returns how many repositories had changed
  std::int64_t night(const char* name) {
    standin_.reset_counts();
    const auto idle = rss_mb(node_.pid());
    const auto cpu_before = cpu_seconds(node_.pid());
    const auto begin = steady::now();
    if (const auto answer = ask("POST", "/api/v1/admin/nightly-runs"); answer.status != 202)
      throw std::runtime_error{"a nightly run answered " + std::to_string(answer.status) + ": " + answer.body};
    wait_for([&] { return db_.number("SELECT count(*) FROM nightly_runs WHERE finished_at IS NULL") == 0; }, "the run");
    const auto took = std::chrono::duration<double>(steady::now() - begin).count();
    const auto counts = standin_.counts();
    const auto changed = db_.number("SELECT changed FROM nightly_runs ORDER BY id DESC LIMIT 1");
    std::printf(
        "| %s over %d repositories, %lld changed | %.1f s | %llu requests | node CPU %.2f s | memory above idle %.0f MB |\n",
        name, settings_.repositories, static_cast<long long>(changed), took, static_cast<unsigned long long>(counts.requests),
        cpu_seconds(node_.pid()) - cpu_before, rss_peak_mb(node_.pid()) - idle);
    return db_.number("SELECT failed FROM nightly_runs ORDER BY id DESC LIMIT 1") == 0 ? changed : -1;
  }

  nightly_bench_settings settings_;
  work_folder work_;
  bare_repository before_{work_ / "before.git"}, after_{work_ / "after.git"};
  testing::github_standin standin_;
  running_node node_;
  database db_;
};

} // namespace

bool run_nightly_bench(const nightly_bench_settings& settings) {
  return nightly_bench{settings}.run();
}

} // namespace ingot::bench
