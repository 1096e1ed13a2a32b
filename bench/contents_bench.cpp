#include "bench/contents_bench.hpp"

#include "bench/database.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/github_standin/subprocess.hpp"
#include "tests/support/http_client.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <openssl/hmac.h>
#include <random>
#include <stdexcept>
#include <thread>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;
using testing::bare_repository;
using testing::file_edit;
using testing::github_standin;

constexpr auto patience = std::chrono::minutes{10};

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of.at(of.size() / 2);
}

/// Source-like files, of 200 to 12,000 bytes, in folders of a hundred.
std::vector<file_edit> files(int count, std::uint64_t seed, int first = 0) {
  auto chance = std::mt19937_64{seed};
  std::vector<file_edit> out;
  for (auto i = first; i < first + count; ++i) {
    std::string content;
    for (const auto size = 200 + chance() % 11'800; content.size() < size;)
      content += "  const auto value_" + std::to_string(chance() % 1'000) + " = compute(" + std::to_string(chance()) + ");\n";
    out.push_back({"src/part" + std::to_string(i / 100) + "/file" + std::to_string(i) + ".cpp", "100644", content, {}});
  }
  return out;
}

std::string hex_signature(const std::string& body) {
  auto digest = std::array<unsigned char, 32>{};
  auto size = 0u;
  const auto secret = std::string_view{webhook_secret};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(body.data()),
       body.size(), digest.data(), &size);
  std::string out = "sha256=";
  for (const auto byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

class contents_bench {
public:
  explicit contents_bench(const contents_bench_settings& settings)
      : settings_{settings}, work_{settings.work_dir, false}, node_{settings.node, work_ / "node", environment()},
        db_{node_.watch().database_url} {}

  bool run() {
    first_syncs();
    pushes();
    unchanged();
    return true;
  }

private:
  struct hosted {
    std::shared_ptr<bare_repository> repository;
    std::int64_t github_id = 0, id = 0;
    std::string name;
  };

  std::map<std::string, std::string> environment() {
    standin_.add_token("bench-token", {.login = "bench", .user_id = 1});
    testing::budget_rules rules;
    rules.core = rules.graphql = 1'000'000;
    rules.points_per_minute = rules.graphql_points_per_minute = 1'000'000;
    standin_.set_budget(rules);
    return {{"INGOT_GITHUB_API_URL", standin_.api_url()},
            {"GITHUB_TOKEN", "bench-token"},
            {"INGOT_GITHUB_API_POINTS_PER_MINUTE", "2000"},
            {"INGOT_CONTENTS_FALLBACK_INTERVAL_MS", "600000"},
            {"LOG_LEVEL", "warn"}};
  }

  hosted host(const std::string& name, int count, std::uint64_t seed) {
    hosted out;
    out.name = name;
    out.repository = std::make_shared<bare_repository>(work_ / (name + ".git"));
    out.repository->commit(files(count, seed));
    testing::hosted_repository x;
    x.owner = "bench";
    x.name = name;
    x.path = out.repository->path();
    out.github_id = standin_.add(x);
    return out;
  }

  void follow(hosted& x) {
    auto client = testing::http_client{node_.port(), std::chrono::minutes{1}};
    const auto answer =
        client.request("POST", "/api/v1/repositories",
                       {{"Authorization", std::string{"Bearer "} + admin_token}, {"Content-Type", "application/json"}},
                       R"({"provider":"github","owner":"bench","name":")" + x.name + R"("})");
    if (answer.status != 201)
      throw std::runtime_error{"following a repository answered " + std::to_string(answer.status) + ": " + answer.body};
    x.id = db_.number("SELECT max(id) FROM provider_repositories");
  }

  void wait_for(const std::function<bool()>& condition, const char* what) {
    for (const auto end = steady::now() + patience; !condition(); std::this_thread::sleep_for(std::chrono::milliseconds{2}))
      if (steady::now() > end)
        throw std::runtime_error{std::string{what} + " did not end"};
  }

  void wait_until_synced(const hosted& x) {
    const auto query = "SELECT count(*) FROM provider_repositories WHERE complete AND id = " + std::to_string(x.id) +
                       " AND last_commit_sha = '" + *x.repository->head() + "'";
    wait_for([&] { return db_.number(query) == 1; }, "a sync");
  }

  /// Seconds that git takes for the same: a shallow clone over HTTP, and all its blobs read.
  double by_git(const hosted& x) {
    const auto into = (work_ / "clone").string();
    std::filesystem::remove_all(into);
    const auto begin = steady::now();
    testing::output_of({{"git", "clone", "--quiet", "--depth", "1", standin_.web_url() + "/bench/" + x.name + ".git", into}});
    const auto nothing = [](std::string_view) {};
    if (testing::run({{"git", "-C", into, "cat-file", "--batch", "--batch-all-objects", "--unordered"}}, nothing) != 0)
      throw std::runtime_error{"git cat-file failed"};
    return seconds_since(begin);
  }

  void first_syncs() {
    auto warm = host("warm", 200, 1);
    follow(warm);
    wait_until_synced(warm);
    std::ofstream{"/proc/" + std::to_string(node_.pid()) + "/clear_refs"} << "5"; // the peak counts from now on
    const auto idle = rss_mb(node_.pid());
    std::vector<double> ours, gits, requests, cpu;
    for (auto round = 0; round < settings_.rounds; ++round) {
      auto x = host("first" + std::to_string(round), settings_.files, 10 + static_cast<std::uint64_t>(round));
      gits.push_back(by_git(x));
      standin_.reset_counts();
      const auto cpu_before = cpu_seconds(node_.pid());
      const auto begin = steady::now();
      follow(x);
      wait_until_synced(x);
      ours.push_back(seconds_since(begin));
      cpu.push_back(cpu_seconds(node_.pid()) - cpu_before);
      requests.push_back(static_cast<double>(db_.number(
          "SELECT requests FROM content_syncs WHERE repository_id = " + std::to_string(x.id) + " ORDER BY id LIMIT 1")));
      std::printf("round %d: %.2f s, git %.2f s\n", round + 1, ours.back(), gits.back());
      last_ = x;
    }
    std::printf("| first sync of %d files, with its look-up | %.2f s | git: %.2f s | ratio %.2f | %.0f requests of the sync | "
                "node CPU %.2f s | "
                "memory above idle %.0f MB |\n",
                settings_.files, median(ours), median(gits), median(ours) / median(gits), median(requests), median(cpu),
                rss_peak_mb(node_.pid()) - idle);
  }

  void push(const hosted& x, const std::string& before) {
    const auto head = *x.repository->head();
    auto tree = x.repository->git({"rev-parse", head + "^{tree}"});
    tree.pop_back();
    const auto repository = R"("repository":{"id":)" + std::to_string(x.github_id) + R"(,"name":")" + x.name +
                            R"(","full_name":"bench/)" + x.name +
                            R"(","private":false,"owner":{"login":"bench","id":1},"html_url":"https://git.example/bench",)"
                            R"("created_at":1704182400,"updated_at":"2024-05-01T10:00:00Z","pushed_at":1714557600,)"
                            R"("default_branch":"main"})";
    const auto body = R"({"ref":"refs/heads/main","before":")" + before + R"(","after":")" + head +
                      R"(","created":false,"deleted":false,"forced":false,"commits":[],"head_commit":{"id":")" + head +
                      R"(","tree_id":")" + tree + R"(","message":"m","timestamp":"2024-05-01T10:00:00Z"},)" + repository + '}';
    auto client = testing::http_client{node_.port()};
    const auto answer = client.request("POST", "/webhook",
                                       {{"Content-Type", "application/json"},
                                        {"X-GitHub-Event", "push"},
                                        {"X-GitHub-Delivery", "bench-" + head},
                                        {"X-Hub-Signature-256", hex_signature(body)}},
                                       body);
    if (answer.status != 200)
      throw std::runtime_error{"a push answered " + std::to_string(answer.status) + ": " + answer.body};
  }

  void pushes() {
    auto seed = std::uint64_t{1'000};
    for (const auto changed : {1, 30, 300}) {
      std::vector<double> took, requests;
      for (auto round = 0; round < settings_.rounds; ++round) {
        const auto before = *last_.repository->head();
        last_.repository->commit(files(changed, ++seed));
        standin_.reset_counts();
        const auto begin = steady::now();
        push(last_, before);
        wait_until_synced(last_);
        took.push_back(seconds_since(begin));
        requests.push_back(static_cast<double>(standin_.counts().requests));
      }
      std::printf("| push of %d files of %d | %.3f s | %.0f requests |\n", changed, settings_.files, median(took),
                  median(requests));
    }
  }

  /// Many repositories that the fallback finds as they were: copies of one row, each another user's.
  void unchanged() {
    standin_.reset_counts();
    const auto row = std::to_string(last_.id);
    db_.run("CREATE TEMP TABLE copies AS SELECT * FROM provider_repositories WHERE id = " + row +
            "; UPDATE copies SET next_check_at = now()");
    const auto cpu_before = cpu_seconds(node_.pid());
    const auto begin = steady::now();
    db_.run(
        "INSERT INTO provider_repositories (user_id, provider, owner, name, external_id, default_branch, last_synced_at, "
        "last_commit_sha, last_tree_sha, last_branch, filters, etag, complete, next_check_at) SELECT 'user' || n, provider, "
        "owner, name, external_id, default_branch, last_synced_at, last_commit_sha, last_tree_sha, last_branch, filters, etag, "
        "complete, next_check_at FROM copies, generate_series(1, " +
        std::to_string(settings_.followed) + ") n");
    // Ordered first, then checked: both are over when none is due and no check waits or runs.
    wait_for([&] { return db_.number("SELECT count(*) FROM provider_repositories WHERE next_check_at <= now()") == 0; },
             "the fallback");
    wait_for([&] { return db_.number("SELECT count(*) FROM jobs WHERE state IN ('pending', 'running')") == 0; }, "the checks");
    const auto took = seconds_since(begin), cpu = cpu_seconds(node_.pid()) - cpu_before;
    const auto counts = standin_.counts();
    std::printf(
        "| %d unchanged repositories | %.1f s | %llu requests, %llu not modified, %llu metered | node CPU %.2f ms each |\n",
        settings_.followed, took, static_cast<unsigned long long>(counts.requests),
        static_cast<unsigned long long>(counts.not_modified), static_cast<unsigned long long>(counts.metered),
        1'000 * cpu / settings_.followed);
  }

  contents_bench_settings settings_;
  work_folder work_;
  github_standin standin_;
  running_node node_;
  database db_;
  hosted last_;
};

} // namespace

bool run_contents_bench(const contents_bench_settings& settings) {
  return contents_bench{settings}.run();
}

} // namespace ingot::bench
