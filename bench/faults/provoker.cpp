#include "bench/faults/provoker.hpp"

#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <chrono>

namespace ingot::faults {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// A sync by hand comes so often all the time.
constexpr auto sync_interval = milliseconds{1'500};

std::vector<testing::header> as_admin() {
  return {{"Authorization", "Bearer " + std::string{testing::admin_token}}, {"Content-Type", "application/json"}};
}

std::vector<testing::header> as_cron() {
  return {{"x-cron-secret", std::string{testing::cron_secret}}, {"Prefer", "respond-async"}};
}

} // namespace

provoker::provoker(std::vector<std::uint16_t> ports, std::string database_url, std::size_t followed)
    : ports_{std::move(ports)}, url_{std::move(database_url)}, followed_{followed}, thread_{[this] { run(); }} {}

provoker::~provoker() {
  stopping_ = true;
  thread_.join();
}

bool provoker::post(const std::string& path, std::vector<testing::header> headers, const std::string& body) {
  for (auto tries = std::size_t{0}; tries < ports_.size(); ++tries) {
    try {
      auto client = testing::http_client{ports_[next_++ % ports_.size()], milliseconds{2'000}};
      const auto status = client.request("POST", path, headers, body).status;
      if (status == 200 || status == 202) {
        ++orders_;
        return true;
      }
      if (status == 409)
        return false; // one is under way
    } catch (const testing::http_error&) {
    }
  }
  return false;
}

bool provoker::order_rollup() {
  return post("/cron/rollup", as_cron(), "{}");
}

/// By the clock it would come too seldom: the same job, as the scheduler writes it.
void provoker::order_sweep() {
  testing::sql db{url_};
  db.run("WITH added AS (INSERT INTO jobs (kind, key, payload) SELECT 'blob_sweep', 'blob_sweep', '{\"orphans\":false}' "
         "WHERE NOT EXISTS (SELECT FROM job_lanes WHERE key = 'blob_sweep') RETURNING id, kind, key, priority, run_at) "
         "INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs) "
         "SELECT key, id, kind, priority, run_at, 1 FROM added ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1");
  ++orders_;
}

void provoker::run() {
  auto next_sync = steady_clock::now();
  auto repository = std::size_t{0};
  while (!stopping_) {
    const auto wanted = [this](provocation x) { return (wanted_ & bit(x)) != 0; };
    try {
      if (wanted(provocation::search))
        post("/cron/rebuild-search", as_cron(), "");
      if (wanted(provocation::rollup))
        order_rollup();
      if (wanted(provocation::nightly))
        post("/api/v1/admin/nightly-runs", as_admin(), "{}");
      if (wanted(provocation::sweep))
        order_sweep();
      if (followed_ > 0 && steady_clock::now() >= next_sync) {
        next_sync = steady_clock::now() + sync_interval;
        post("/api/v1/repositories/" + std::to_string(1 + repository++ % followed_) + "/sync", as_admin(), "{}");
      }
    } catch (const std::exception&) {
      // The database restarts.
    }
    std::this_thread::sleep_for(milliseconds{100});
  }
}

} // namespace ingot::faults
