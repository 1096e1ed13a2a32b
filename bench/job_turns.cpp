#include "bench/job_turns.hpp"

#include "bench/database.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "storage/job_store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto claim_size = 64;
constexpr auto claims_measured = 40;

/// Waiting jobs, each of a key of its own, with their lanes.
void enqueue(database& db, const std::string& kind, int from, int to) {
  db.run(
      "WITH added AS (INSERT INTO jobs (kind, key) SELECT '" + kind + "', '" + kind + "/' || n FROM generate_series(" +
      std::to_string(from) + ", " + std::to_string(to - 1) +
      ") n RETURNING id, kind, key, priority, run_at) "
      "INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT key, id, kind, priority, run_at, 1 FROM added");
}

/// Median milliseconds of a turn that claims claim_size jobs, and gives them back.
double claim_ms(const std::string& url) {
  auto settings = database_settings{};
  settings.statement_timeout = milliseconds{60'000};
  const auto store = storage::open_job_store(url, settings);
  const auto kinds = std::vector<storage::job_quota>{{"waits", claim_size}};
  auto took = std::vector<double>{};
  for (auto i = 0; i < claims_measured; ++i) {
    const auto begin = steady::now();
    const auto turn = store->turn({}, kinds, claim_size, std::chrono::seconds{60});
    took.push_back(std::chrono::duration<double, std::milli>(steady::now() - begin).count());
    auto leases = std::vector<job_lease>{};
    for (const auto& x : turn.claimed)
      leases.push_back(x.lease);
    store->release(leases);
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

} // namespace

bool run_job_bench(const job_bench_settings& settings) {
  const auto work = work_folder{settings.work_dir, false};
  const auto data = work / "jobs";
  auto node = std::optional<running_node>{std::in_place, settings.node, data,
                                          std::map<std::string, std::string>{{"INGOT_JOBS_NOOP", "true"}}};
  const auto who = node->watch();
  auto db = database{who.database_url};
  enqueue(db, "noop", 0, 1'000); // warm
  while (db.number("SELECT count(*) FROM job_lanes") > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  db.run("VACUUM ANALYZE jobs, job_lanes");
  const auto node_before = cpu_seconds(who.server);
  enqueue(db, "noop", 1'000, 1'000 + settings.jobs);
  const auto postgres_before = cpu_seconds_of_tree(who.postmaster);
  const auto begin = steady::now();
  while (db.number("SELECT count(*) FROM (SELECT FROM job_lanes LIMIT 1) x") > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  const auto seconds = std::chrono::duration<double>(steady::now() - begin).count();
  const auto succeeded = db.number("SELECT count(*) FROM jobs WHERE state = 'succeeded'");
  std::printf(
      "jobs: %d empty ones through claim, run, complete on one node: %.0f/s, node CPU %.3f ms, PostgreSQL CPU %.3f ms each\n",
      settings.jobs, settings.jobs / seconds, (cpu_seconds(who.server) - node_before) * 1e3 / settings.jobs,
      (cpu_seconds_of_tree(who.postmaster) - postgres_before) * 1e3 / settings.jobs);
  auto waiting = 0;
  for (const auto more : {1'000, 100'000, 1'000'000}) {
    enqueue(db, "waits", waiting, more);
    waiting = more;
    db.run("VACUUM ANALYZE jobs, job_lanes");
    std::printf("jobs: a claim of %d with %d waiting: %.2f ms (median of %d)\n", claim_size, more, claim_ms(who.database_url),
                claims_measured);
    std::fflush(stdout);
  }
  return succeeded == settings.jobs + 1'000;
}

} // namespace ingot::bench
