#include "storage/cluster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <atomic>
#include <csignal>
#include <thread>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

const std::vector<header> as_cron{{"x-cron-secret", std::string{cron_secret}}};

http_answer roll_up(http_client& to, std::string_view body = {}, std::vector<header> more = {}) {
  more.insert(more.end(), as_cron.begin(), as_cron.end());
  auto answer = to.request("POST", "/cron/rollup", more, body);
  INFO(answer.body);
  CHECK(answer["content-type"] == "application/json");
  return answer;
}

json::object object_of(const std::string& text) {
  INFO(text);
  return json::parse(text).as_object();
}

/// Some thousand events of the last eight days, their days marked.
void add_events(sql& db, int count = 4'000) {
  db.run("BEGIN; INSERT INTO rules (id, author_user_id) SELECT 'rule' || n, 'author' || n % 5 FROM generate_series(0, 49) n;"
         "INSERT INTO events (ts, received_at, viewer, type, rule_id) SELECT now() - n % 8 * interval '1 day', now(), "
         "lpad((n % 13)::text, 32, '0')::uuid, (ARRAY['VIEW', 'COPY', 'SAVE', 'FORK', 'VOTE'])[1 + n % 5], 'rule' || n % 50 "
         "FROM generate_series(1, " +
         std::to_string(count) +
         ") n; INSERT INTO metric_days (day) SELECT DISTINCT (ts AT TIME ZONE 'UTC')::date FROM events ON CONFLICT (day) DO "
         "UPDATE SET "
         "changed = TRUE; COMMIT");
}

/// What readers see of the metrics.
const std::string metrics =
    "SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (SELECT m::text AS x FROM rule_metric_daily m UNION ALL "
    "SELECT m::text FROM author_metric_daily m UNION ALL SELECT m::text FROM rule_metric_totals m UNION ALL "
    "SELECT concat_ws(' ', period, date, entries) FROM leaderboard_snapshots) x";

const std::string held_rollup = "BEGIN; SELECT ingot_lock_metric_days()";

} // namespace

TEST_CASE("POST /cron/rollup answers with what it came to, and the metrics are there") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  add_events(db);
  const auto dry = roll_up(client, R"({"dryRun":true})");
  REQUIRE(dry.status == 200);
  CHECK(db.number("SELECT count(*) FROM rule_metric_daily") == 0);
  CHECK(db.number("SELECT count(*) FROM rollup_runs") == 0);
  const auto answer = roll_up(client);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  const auto run = object_of(answer.body);
  CHECK(run.at("status") == "succeeded");
  CHECK(run.at("counts") == object_of(dry.body).at("counts"));
  CHECK(run.at("counts").at("events_counted").to_number<int>() == 4'000);
  CHECK(run.at("progress").at("steps_done") == run.at("progress").at("steps_total"));
  CHECK(db.number("SELECT sum(events) FROM rule_metric_daily") == 4'000);
  CHECK(db.number("SELECT count(*) FROM leaderboard_snapshots") == 32);
  CHECK(db.number("SELECT count(*) FROM job_lanes") == 0);

  const auto shown = client.request("GET", "/cron/rollup/" + std::to_string(run.at("run_id").to_number<int>()), as_cron);
  CHECK(shown.status == 200);
  CHECK(object_of(shown.body) == run);
  CHECK(object_of(client.request("GET", "/cron/rollup", as_cron).body).at("runs").at(0).as_object() == run);
  CHECK(client.request("GET", "/cron/rollup/77", as_cron).status == 404);
  const auto again = roll_up(client, "{}");
  CHECK(object_of(again.body).at("counts").at("days_counted").to_number<int>() == 0);
}

TEST_CASE("the door of rollups: who shows no live secret gets nothing, nor do browsers, nor does a body that cannot be meant") {
  node running;
  auto client = running.client();
  CHECK(client.request("POST", "/cron/rollup").status == 401);
  CHECK(client.request("POST", "/cron/rollup", {{"x-cron-secret", "e2e-cron-secret-90ab3e"}}).status == 401);
  CHECK(client.request("GET", "/cron/rollup").status == 401);
  CHECK(client.request("GET", "/cron/rollup/1").status == 401);
  CHECK(roll_up(client, {}, {{"Origin", "https://app.example"}}).status == 403);
  const auto wrong = roll_up(client, R"({"daysToProcess":31,"date":"2999-01-01"})");
  CHECK(wrong.status == 422);
  CHECK(object_of(wrong.body).at("error").at("details").as_array().size() == 2);
  CHECK(roll_up(client, "[").status == 400);
  node closed{{.environment = {{"CRON_SECRET", ""}}}};
  auto of_closed = closed.client();
  CHECK(roll_up(of_closed).status == 503);
}

TEST_CASE("one rollup at a time over two nodes: the second caller is told the first one's number, and sees how far it is") {
  scratch_folder scratch;
  ingot::storage::embedded_cluster cluster{scratch.path()};
  const auto options = node_options{.environment = {{"DATABASE_URL", cluster.url()}, {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}}};
  node first{options}, second{options};
  sql db{cluster.url()}, holder{cluster.url()};
  add_events(db);
  holder.run(held_rollup); // the rollup waits for its days
  auto a = first.client();
  const auto begun = roll_up(a, {}, {{"Prefer", "respond-async"}});
  REQUIRE(begun.status == 202);
  const auto path = begun["location"];
  auto b = second.client();
  for (auto* at : {&a, &b}) {
    const auto refused = roll_up(*at);
    CHECK(refused.status == 409);
    CHECK("/cron/rollup/" + std::to_string(object_of(refused.body).at("run_id").to_number<int>()) == path);
  }
  CHECK(eventually([&] { return object_of(b.request("GET", path, as_cron).body).at("status") == "running"; }));
  holder.run("COMMIT");
  CHECK(eventually([&] { return object_of(b.request("GET", path, as_cron).body).at("status") == "succeeded"; }));
  CHECK(roll_up(b).status == 200);
}

TEST_CASE("law 2: a rollup whose node is killed at any point is ended right by the next one") {
  const auto point = GENERATE("rollup_counted:4", "rollup_before_commit:1", "rollup_written:1");
  INFO(point);
  scratch_folder scratch;
  ingot::storage::embedded_cluster cluster{scratch.path()};
  sql db{cluster.url()};
  auto environment = std::map<std::string, std::string>{
      {"DATABASE_URL", cluster.url()}, {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}, {"INGOT_JOBS_LEASE_MS", "1000"}};
  auto whole = std::string{};
  {
    node running{{.environment = environment}};
    add_events(db);
    auto client = running.client();
    REQUIRE(roll_up(client).status == 200);
    whole = db.text(metrics);
    db.run("TRUNCATE rule_metric_daily, author_metric_daily, rule_metric_totals, leaderboard_snapshots, rollup_runs, jobs, "
           "job_lanes; "
           "DELETE FROM metric_days WHERE day > (SELECT max(ts) FROM events); UPDATE metric_days SET changed = TRUE, scored_with "
           "= NULL, scored_days = NULL");
  }
  environment["INGOT_FAILPOINT"] = point;
  node running{{.environment = environment}};
  {
    auto client = running.client();
    CHECK_THROWS_AS(roll_up(client), http_error);
  }
  REQUIRE(running.wait(seconds{30}));
  CHECK(db.number("SELECT count(*) FROM metric_days WHERE counting IS NOT NULL") == 8);
  running.environment().erase("INGOT_FAILPOINT");
  running.start();
  // Its job is done again once its lease has run out; a caller that comes earlier is told of it.
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM rollup_runs WHERE state = 'succeeded'") == 1; }));
  CHECK(db.text(metrics) == whole);
  CHECK(db.number("SELECT count(*) FROM metric_days WHERE counting IS NOT NULL OR changed") == 0);
  auto client = running.client();
  CHECK(object_of(roll_up(client).body).at("counts").at("days_counted").to_number<int>() == 0);
}

TEST_CASE("who waits for a rollup is answered when the node stops, and the rollup is done by the next node") {
  scratch_folder scratch;
  ingot::storage::embedded_cluster cluster{scratch.path()};
  node running{{.environment = {{"DATABASE_URL", cluster.url()}, {"INGOT_ROLLUP_STEP_TIMEOUT_MS", "3000"}}}};
  sql db{cluster.url()}, holder{cluster.url()};
  add_events(db);
  holder.run(held_rollup);
  auto status = std::atomic<int>{0};
  auto waiting = std::thread{[&] {
    auto client = running.client();
    status = roll_up(client).status;
  }};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM rollup_runs WHERE state = 'running'") == 1; }));
  running.signal(SIGTERM);
  waiting.join();
  CHECK(status == 202);
  holder.run("COMMIT");
  REQUIRE(running.wait(seconds{30}));
  running.start();
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM rollup_runs WHERE state = 'succeeded'") == 1; }));
}

TEST_CASE("rollups run by themselves, once for all nodes in each interval") {
  scratch_folder scratch;
  ingot::storage::embedded_cluster cluster{scratch.path()};
  sql db{cluster.url()};
  const auto options = node_options{.environment = {{"DATABASE_URL", cluster.url()},
                                                    {"INGOT_ROLLUP_INTERVAL_MS", "1000"},
                                                    {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}}};
  node first{options}, second{options};
  add_events(db);
  CHECK(eventually([&] { return db.number("SELECT COALESCE(sum(events), 0) FROM rule_metric_daily") == 4'000; }));
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM rollup_runs WHERE state = 'succeeded'") >= 3; }));
  CHECK(db.number("SELECT count(*) - count(DISTINCT dedupe_key) FROM jobs WHERE kind = 'rollup'") == 0);
}
