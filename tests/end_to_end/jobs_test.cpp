#include "storage/cluster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

#include <csignal>
#include <optional>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

/// A database, and nodes on it that run jobs of kind `noop`. Leases are a second long.
struct nodes_fixture {
  scratch_folder scratch;
  ingot::storage::embedded_cluster cluster{scratch.path()};
  node first{options()}, second{options()};
  sql db{cluster.url()};

  node_options options() {
    return {.environment = {{"DATABASE_URL", cluster.url()},
                            {"INGOT_JOBS_NOOP", "true"},
                            {"INGOT_JOBS_LEASE_MS", "1000"},
                            {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}}};
  }

  /// Enqueues `jobs` jobs over `keys` keys, as a transaction of a node would.
  void enqueue(int jobs, int keys, const std::string& payload) {
    db.run("BEGIN; INSERT INTO jobs (kind, key, payload) SELECT 'noop', 'key ' || n % " + std::to_string(keys) + ", " +
           literal(payload) + " FROM generate_series(1, " + std::to_string(jobs) +
           ") n; INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT DISTINCT ON (key) key, id, kind, "
           "priority, run_at, count(*) OVER (PARTITION BY key) FROM jobs WHERE state = 'pending' ORDER BY key, id; COMMIT");
  }

  bool all_over(seconds patience = seconds{60}) {
    return eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE state IN ('pending', 'running')") == 0; },
                      patience);
  }

  /// Makes the second node wait while the first one takes what there is, and the other way round.
  void wait_until_running() {
    REQUIRE(eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE state = 'running'") > 0; }));
  }
};

} // namespace

TEST_CASE_METHOD(nodes_fixture, "law 3: two nodes and a thousand jobs over fifty keys never run two of one key at a time") {
  enqueue(1'000, 50, R"({"sleep_ms": 3})");
  REQUIRE(all_over());
  CHECK(db.number("SELECT count(*) FROM jobs WHERE state = 'succeeded' AND attempts = 1") == 1'000);
  CHECK(db.number("SELECT count(*) FROM job_lanes") == 0);
  // Each job's result says when it began and ended, by the one clock of this machine.
  CHECK(db.number("SELECT count(*) FROM (SELECT (result->>'started_at')::bigint AS began, lag((result->>'finished_at')::bigint) "
                  "OVER (PARTITION BY key ORDER BY id) AS ended_before FROM jobs) x WHERE began < ended_before") == 0);
  CHECK(db.number("SELECT count(*) FROM jobs WHERE (result->>'finished_at')::bigint - (result->>'started_at')::bigint < 3000") ==
        0);
}

TEST_CASE_METHOD(nodes_fixture, "law 2: a job whose node is killed in the middle is done once by the other node") {
  second.kill();
  enqueue(3, 3, R"({"sleep_ms": 1500})");
  wait_until_running();
  first.kill();
  second.start();
  REQUIRE(all_over());
  CHECK(db.number("SELECT count(*) FROM jobs WHERE state = 'succeeded' AND attempts = 2") == 3);
  CHECK(db.number("SELECT count(*) FROM jobs WHERE history->0->>'error' = 'its lease ran out'") == 3);
  CHECK(db.number("SELECT count(*) FROM job_lanes") == 0);
}

TEST_CASE_METHOD(nodes_fixture, "law 2: a paused node's late completion is refused") {
  second.kill();
  enqueue(1, 1, R"({"sleep_ms": 1000})");
  wait_until_running();
  first.signal(SIGSTOP);
  second.start();
  REQUIRE(all_over());
  const auto result = db.text("SELECT result FROM jobs");
  first.signal(SIGCONT);
  REQUIRE(eventually(
      [&] { return first.client().get("/metrics").body.find("ingot_job_completions_fenced_total 1") != std::string::npos; }));
  CHECK(db.text("SELECT result FROM jobs") == result);
  CHECK(db.number("SELECT attempts FROM jobs WHERE state = 'succeeded'") == 2);
}

TEST_CASE_METHOD(nodes_fixture, "a job whose handler crashes is tried again, and the node goes on") {
  enqueue(1, 1, R"({"fail": "crash"})");
  REQUIRE(
      eventually([&] { return db.number("SELECT attempts FROM jobs") >= 1 && db.text("SELECT state FROM jobs") == "pending"; }));
  CHECK(db.text("SELECT last_error FROM jobs") == "its handler fell");
  CHECK(first.client().get("/health").status == 200);
  CHECK(second.client().get("/health").status == 200);
}

TEST_CASE_METHOD(nodes_fixture, "a node that stops gives its jobs back, and the attempt does not count") {
  second.kill();
  enqueue(1, 1, R"({"sleep_ms": 2000})");
  wait_until_running();
  first.signal(SIGTERM);
  REQUIRE(first.wait(seconds{30}));
  CHECK(db.text("SELECT state || ' ' || attempts FROM jobs") == "pending 0");
  CHECK(db.number("SELECT count(*) FROM job_lanes WHERE NOT running") == 1);
}

TEST_CASE_METHOD(nodes_fixture, "operators see, bury and retry jobs over the admin interface and by command, in one JSON") {
  enqueue(1, 1, R"({"fail": "permanent"})");
  REQUIRE(all_over());
  const auto admin = [&](const std::string& method, const std::string& path) {
    return first.client().request(method, "/api/v1/admin/jobs" + path, {{"Authorization", "Bearer " + std::string{admin_token}}});
  };
  CHECK(first.client().get("/api/v1/admin/jobs").status == 401);
  const auto shown = admin("GET", "/1");
  CHECK(shown.status == 200);
  CHECK(shown.body.find(R"("state":"failed")") != std::string::npos);
  const auto environment = std::map<std::string, std::string>{{"DATABASE_URL", cluster.url()}};
  CHECK(run_ingot({"jobs", "show", "1", "--json"}, environment).output == shown.body + "\n");
  CHECK(run_ingot({"jobs", "list", "--state", "failed", "--json"}, environment).output ==
        admin("GET", "?state=failed").body + "\n");
  CHECK(admin("GET", "?state=odd").status == 400);
  CHECK(admin("GET", "/77").status == 404);
  CHECK(admin("POST", "/1/bury").status == 409);
  CHECK(admin("POST", "/1/retry").status == 200);
  REQUIRE(eventually([&] { return db.text("SELECT state || ' ' || jsonb_array_length(history) FROM jobs") == "failed 2"; }));
  CHECK(run_ingot({"jobs", "retry", "1"}, environment).exit_code == 0);
  REQUIRE(eventually([&] { return db.text("SELECT state || ' ' || jsonb_array_length(history) FROM jobs") == "failed 3"; }));
  CHECK(run_ingot({"jobs", "bury", "1"}, environment).exit_code == 1);
  CHECK(db.text("SELECT string_agg(actor || ': ' || action, ', ' ORDER BY id) FROM audit_log WHERE action LIKE 'job %'") ==
        "admin: job retried, command line: job retried");
}
