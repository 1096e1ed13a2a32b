#include "storage/job_store.hpp"
#include "storage/write_session.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <algorithm>

using namespace ingot;
using namespace ingot::storage;

namespace {

constexpr auto lease = std::chrono::seconds{10};

new_job noop(const std::string& key, int priority = 0, const std::string& kind = "noop") {
  return {.kind = kind, .key = key, .dedupe_key = {}, .payload = "{}", .priority = priority, .body = {}};
}

job_completion done(const claimed_job& x) {
  return {x.lease, job_state::succeeded, "{\"n\": 1}", {}, {}};
}

[[maybe_unused]] job_completion failed_for_now(const claimed_job& x, std::chrono::milliseconds delay = {}) {
  return {x.lease, job_state::pending, {}, "try again", delay};
}

struct job_fixture {
  testing::database db;
  pipeline enqueuer{db.url(), db.settings(), write_statements({job_statements()})};
  std::unique_ptr<job_store> store = open_job_store(db.url(), db.settings());
  std::vector<job_quota> kinds{{"noop", 1'000}};

  job_ids enqueue(std::vector<new_job> jobs) {
    auto ids = job_ids{};
    enqueue_jobs(enqueuer, jobs, [&](const job_ids& x) { ids = x; });
    enqueuer.run();
    return ids;
  }

  std::vector<claimed_job> claim(std::size_t jobs_max = 100) { return store->turn({}, kinds, jobs_max, lease).claimed; }

  job_turn complete(std::vector<job_completion> x, std::size_t jobs_max = 0) { return store->turn(x, kinds, jobs_max, lease); }

  std::string lanes() {
    return db.sql("SELECT string_agg(key || ':' || job_id || CASE WHEN running THEN 'r' ELSE 'w' END || jobs, ' ' ORDER BY key) "
                  "FROM job_lanes");
  }
  std::string states() { return db.sql("SELECT string_agg(id || ' ' || state, ', ' ORDER BY id) FROM jobs"); }
};

std::vector<std::int64_t> ids(const std::vector<claimed_job>& jobs) {
  auto out = std::vector<std::int64_t>{};
  for (const auto& x : jobs)
    out.push_back(x.lease.id);
  return out;
}

using id_list = std::vector<std::int64_t>;

} // namespace

TEST_CASE_METHOD(job_fixture, "law 3: of each key one job runs at a time, in the order in which they were enqueued") {
  CHECK(enqueue({noop("b"), noop("a"), noop("a")}) == job_ids{1, 2, 3}); // by key: a, a, b
  CHECK(lanes() == "a:1w2 b:3w1");
  auto first = claim();
  CHECK(ids(first) == id_list{1, 3});
  CHECK(lanes() == "a:1r2 b:3r1");
  CHECK(claim().empty());
  CHECK(enqueue({noop("b")}) == job_ids{4});
  CHECK(claim().empty());
  auto turn = complete({done(first[0])}, 10);
  CHECK(turn.lost.empty());
  CHECK(ids(turn.claimed) == id_list{2});
  CHECK(ids(complete({done(first[1])}, 10).claimed) == id_list{4});
  CHECK(lanes() == "a:2r1 b:4r1");
}
