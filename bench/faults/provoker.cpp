#include "bench/faults/provoker.hpp"

#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <chrono>

namespace ingot::faults {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// A sync by hand comes so often all the time.
constexpr auto sync_interval = milliseconds{4'000};

std::vector<testing::header> as_admin() {
  return {{"Authorization", "Bearer " + std::string{testing::admin_token}}, {"Content-Type", "application/json"}};
}

std::vector<testing::header> as_cron() {
  return {{"x-cron-secret", std::string{testing::cron_secret}}, {"Prefer", "respond-async"}};
}

} // namespace

provoker::provoker(std::vector<std::uint16_t> ports, std::string database_url, std::size_t followed)
    : ports_{std::move(ports)}, url_{std::move(database_url)}, followed_{followed}, wanted_(ports_.size()) {
  for (auto i = std::size_t{0}; i < ports_.size(); ++i)
    threads_.emplace_back([this, i] { run(i); });
}

provoker::~provoker() {
  stopping_ = true;
  for (auto& x : threads_)
    x.join();
}

bool provoker::post(std::size_t node, const std::string& path, const std::vector<testing::header>& headers,
                    const std::string& body) {
  try {
    auto client = testing::http_client{ports_[node], milliseconds{1'000}};
    const auto status = client.request("POST", path, headers, body).status;
    orders_ += status == 200 || status == 202 ? 1 : 0;
    return status == 200 || status == 202;
  } catch (const testing::http_error&) {
    return false;
  }
}

bool provoker::order_rollup() {
  for (auto i = std::size_t{0}; i < ports_.size(); ++i)
    if (post(i, "/cron/rollup", as_cron(), "{}"))
      return true;
  return false;
}

/// By the clock it would come too seldom: the same job, as the scheduler writes it.
void provoker::order_sweep() try {
  testing::sql db{url_};
  db.run("WITH added AS (INSERT INTO jobs (kind, key, payload) SELECT 'blob_sweep', 'blob_sweep', '{\"orphans\":false}' "
         "WHERE NOT EXISTS (SELECT FROM job_lanes WHERE key = 'blob_sweep') RETURNING id, kind, key, priority, run_at) "
         "INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs) "
         "SELECT key, id, kind, priority, run_at, 1 FROM added ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1");
  ++orders_;
} catch (const std::exception&) {
  // The database restarts: the next one.
}

void provoker::order_sync(std::size_t node, std::size_t repository) {
  post(node, "/api/v1/repositories/" + std::to_string(1 + repository % followed_) + "/sync", as_admin(), "{}");
}

void provoker::run(std::size_t node) {
  auto repository = node;
  for (auto next_sync = steady_clock::now(); !stopping_; std::this_thread::sleep_for(milliseconds{100})) {
    switch (wanted_[node].load()) {
    case provocation::search:
      post(node, "/cron/rebuild-search", as_cron(), "");
      break;
    case provocation::rollup:
      post(node, "/cron/rollup", as_cron(), "{}");
      break;
    case provocation::nightly:
      post(node, "/api/v1/admin/nightly-runs", as_admin(), "{}");
      break;
    case provocation::sweep:
      order_sweep();
      break;
    default:
      break;
    }
    if (followed_ > 0 && steady_clock::now() >= next_sync) {
      next_sync = steady_clock::now() + sync_interval;
      order_sync(node, repository);
      repository += ports_.size();
    }
  }
}

} // namespace ingot::faults
