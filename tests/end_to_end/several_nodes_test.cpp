#include "tests/end_to_end/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/local_http_server.hpp"
#include "tests/support/nginx.hpp"
#include "tests/support/node.hpp"

#include <atomic>
#include <csignal>
#include <memory>
#include <vector>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

using nodes = std::vector<std::unique_ptr<node>>;

nodes start_nodes(const database_outside& database, std::size_t count, std::map<std::string, std::string> environment = {}) {
  environment["DATABASE_URL"] = database.url();
  auto out = nodes{};
  for (auto i = std::size_t{0}; i < count; ++i)
    out.push_back(std::make_unique<node>(node_options{.environment = environment}));
  return out;
}

std::vector<std::uint16_t> ports_of(const nodes& all) {
  auto out = std::vector<std::uint16_t>{};
  for (const auto& x : all)
    out.push_back(x->port());
  return out;
}

void let_pass(const load& senders, std::size_t deliveries) {
  const auto before = senders.acknowledged();
  REQUIRE(eventually([&] { return senders.acknowledged() >= before + deliveries; }));
}

void check_nobody_refused(const load& senders) {
  INFO((senders.refusals().empty() ? "" : senders.refusals().front()));
  CHECK(senders.refusals().empty());
  CHECK(senders.broken_connections() == 0);
}

} // namespace

TEST_CASE(
    "law 1: three nodes behind nginx are restarted in turn under load, and one is killed: nothing is refused, nothing lost") {
  database_outside database;
  // Past what nginx keeps its idle connections, as by default.
  auto all = start_nodes(database, 3, {{"INGOT_SERVER_DRAIN_IDLE_MS", "1000"}, {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"}});
  const auto proxy = nginx::start(ports_of(all));
  if (!proxy)
    return;
  load senders{proxy->port()};
  let_pass(senders, 200);
  for (auto& x : all) {
    x->signal(SIGTERM);
    let_pass(senders, 50);
    REQUIRE(x->wait(seconds{30}));
    let_pass(senders, 50);
    x->start();
    let_pass(senders, 100);
  }
  INFO(proxy->errors());
  check_nobody_refused(senders);
  all.front()->kill();
  let_pass(senders, 200);
  all.front()->start();
  let_pass(senders, 100);
  senders.finish();
  check_nobody_refused(senders);
  CHECK(proxy->asked_again() > 0);
  sql db{database.url()};
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("law 12: a job in the hands of a node that stops is another one's at once, long before its lease runs out") {
  auto asked = std::atomic<int>{0};
  auto held = std::atomic<bool>{true};
  local_http_server receiver{[&](const std::string&) {
    ++asked;
    eventually([&] { return !held; }, seconds{60});
    return http_answer_text(200, "{}");
  }};
  database_outside database;
  const auto environment = std::map<std::string, std::string>{{"INGOT_JOBS_LEASE_MS", "3600000"},
                                                              {"INGOT_NOTIFY_PRIVATE_ADDRESSES", "true"},
                                                              {"INGOT_NOTIFY_TIMEOUT_MS", "60000"},
                                                              {"INGOT_NIGHTLY_ALERT_URL", receiver.url()},
                                                              {"INGOT_NIGHTLY_ALERT_SECRET", "whsec_c2VjcmV0LW9mLWFsZXJ0cw=="}};
  auto first = start_nodes(database, 1, environment);
  sql db{database.url()};
  db.run(
      "WITH added AS (INSERT INTO jobs (kind, key) VALUES ('nightly_alert', 'alert') RETURNING id, kind, key, priority, run_at) "
      "INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT key, id, kind, priority, run_at, 1 FROM added");
  REQUIRE(eventually([&] { return asked == 1; }));
  const auto token = [&] {
    const auto rows = db.rows("SELECT lease_token FROM jobs WHERE state = 'running'");
    return rows.empty() ? std::string{} : rows.front().at(0).value_or("");
  };
  const auto of_first = token();
  auto second = start_nodes(database, 1, environment);
  first.front()->signal(SIGTERM);
  CHECK(eventually([&] {
    const auto now = token();
    return !now.empty() && now != of_first;
  }));
  CHECK(db.number("SELECT attempts FROM jobs") == 1); // the attempt that was given back does not count
  held = false;
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE state = 'succeeded'") == 1; }));
  CHECK(db.number("SELECT count(*) FROM jobs") == 1);
}

TEST_CASE("law 12: of several nodes one starts each scheduled run") {
  database_outside database;
  auto all = start_nodes(database, 3, {{"INGOT_ROLLUP_INTERVAL_MS", "1000"}});
  sql db{database.url()};
  REQUIRE(eventually([&] { return db.number("SELECT count(*) FROM jobs WHERE kind = 'rollup' AND state = 'succeeded'") >= 3; }));
  // Periods of a second: more runs than seconds, give or take the two at the ends, would be some that were started twice.
  CHECK(
      db.number(
          "SELECT count(*) - (EXTRACT(epoch FROM max(created_at) - min(created_at))::int + 2) FROM jobs WHERE kind = 'rollup'") <=
      0);
  CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'rollup' AND state NOT IN ('succeeded', 'running', 'pending')") == 0);
}
