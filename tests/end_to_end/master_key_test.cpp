#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sql.hpp"

using namespace ingot::testing;

namespace {

/// Enqueues an event as a sync does.
void enqueue(sql& db) {
  db.run("WITH added AS (INSERT INTO jobs (kind, key, payload) VALUES ('site_notify', 'site/7/notify', '{}')"
         " RETURNING id, kind, key, priority, run_at) INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs) "
         "SELECT key, id, kind, priority, run_at, 1 FROM added ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1");
}

} // namespace

TEST_CASE("a node that runs serves a site's webhook through a rotation of the master key, and after it") {
  local_http_server receiver{200, "{}"};
  node running{{.environment = {{"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"}, {"INGOT_JOBS_POLL_INTERVAL_MS", "20"}}}};
  sql db{running.database_url()};
  db.run("INSERT INTO sites (id, name) VALUES (7, 'x')");
  REQUIRE(run_ingot({"sites", "notify", "--site", "7", "--url", receiver.url()}, running.environment()).exit_code == 0);
  const auto sealed = [&] { return db.text("SELECT encode(notify_secret, 'hex') FROM sites WHERE id = 7"); };
  const auto told = [&](std::int64_t count) {
    enqueue(db);
    return eventually(
        [&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'site_notify' AND state = 'succeeded'") == count; });
  };
  REQUIRE(told(1));
  auto kept = sealed();
  for (auto round = 0; round < 3; ++round) { // each with a key that the node has never seen
    const auto rotated = run_ingot({"keys", "rotate-master", "--json"}, running.environment());
    INFO(rotated.output);
    REQUIRE(rotated.exit_code == 0);
    CHECK(rotated.output.find("\"made\":true,\"resealed\":1,\"unopened\":[]") != std::string::npos);
    CHECK(sealed() != kept);
    kept = sealed();
    const auto went_on = told(2 + 2 * round);
    INFO(db.text("SELECT coalesce(string_agg(state || coalesce(last_error, ''), ' '), '') FROM jobs WHERE kind = 'site_notify'"));
    REQUIRE(went_on);
    REQUIRE(run_ingot({"keys", "rotate-master", "--drop-previous"}, running.environment()).exit_code == 0);
    REQUIRE(told(3 + 2 * round));
  }
  CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'site_notify' AND (state <> 'succeeded' OR history <> '[]')") == 0);
  const auto shown = run_ingot({"keys", "list", "--master"}, running.environment());
  CHECK(shown.exit_code == 0);
  CHECK(shown.output.find("sites.notify_secret") != std::string::npos);
}

TEST_CASE("the rate limits of GitHub's API are shown to the operator") {
  node running;
  sql db{running.database_url()};
  db.run("INSERT INTO rate_budgets (budget, blocked_until) VALUES ('installation/7', now() + interval '1 minute')");
  db.run("INSERT INTO rate_windows (budget, resource, request_limit, spent, elsewhere, observed, ends_at) "
         "VALUES ('installation/7', 'core', 5000, 40, 2, TRUE, now() + interval '10 minutes')");
  const auto answer =
      running.client().request("GET", "/api/v1/admin/rate-limits", {{"authorization", "Bearer " + std::string{admin_token}}}, "");
  CHECK(answer.status == 200);
  INFO(answer.body);
  CHECK(answer.body.find(R"("budget":"installation/7","resource":"core","known":true,"unlimited":false,"limit":5000,"used":42,)"
                         R"("remaining":4958,"leased":0,"reserve":1000,"reset":"20)") != std::string::npos);
  CHECK(answer.body.find(R"("waiting":{"webhook":0,"manual":0,"fallback":0,"nightly":0})") != std::string::npos);
  CHECK(running.client().get("/api/v1/admin/rate-limits").status == 401);
}
