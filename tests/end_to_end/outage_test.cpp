#include "tests/end_to_end/load.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>

using namespace ingot::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

void let_pass(const load& senders, std::size_t deliveries) {
  auto before = senders.acknowledged();
  REQUIRE(eventually([&] { return senders.acknowledged() >= before + deliveries; }));
}

/// What is acknowledged reaches the database by itself.
void wait_until_drained(sql& db, const load& senders) {
  CHECK(eventually(
      [&] { return db.number("SELECT count(*) FROM deliveries") >= static_cast<std::int64_t>(senders.acknowledged()); },
      seconds{60}));
}

void check_no_refusal(const load& senders) {
  INFO((senders.refusals().empty() ? "" : senders.refusals().front()));
  CHECK(senders.refusals().empty());
  CHECK(senders.broken_connections() == 0);
}

/// Process ids of the database's backends but the asker's own.
std::vector<pid_t> backends(sql& db) {
  std::vector<pid_t> result;
  for (const auto& row :
       db.rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"))
    result.push_back(static_cast<pid_t>(std::stol(*row[0])));
  return result;
}

} // namespace

TEST_CASE("law 1: the database stopped for ten seconds under load: no refusal, nothing lost, order per repository kept") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  load senders{running.port()};
  let_pass(senders, 200);
  database.stop();
  let_pass(senders, 100);
  CHECK(running.client().get("/health").status == 200);
  nap(seconds{10});
  auto while_away = senders.acknowledged();
  let_pass(senders, 100);
  database.start();
  let_pass(senders, 200);
  senders.finish();
  CHECK(while_away > 1000);
  sql db{database.url()};
  wait_until_drained(db, senders);
  check_no_refusal(senders);
  check_nothing_lost_nothing_double(db, senders);
  CHECK(eventually([&] { return running.client().get("/ready").status == 200; }));
}

TEST_CASE("a database that hangs is away after the statement timeout, and what it held is not applied twice") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}, {"INGOT_DATABASE_STATEMENT_TIMEOUT_MS", "500"}}}};
  load senders{running.port()};
  let_pass(senders, 200);
  {
    sql db{database.url()};
    auto stopped = backends(db);
    REQUIRE_FALSE(stopped.empty());
    stopped.push_back(database.cluster->pid());
    for (auto pid : stopped)
      ::kill(pid, SIGSTOP);
    let_pass(senders, 300);
    for (auto pid : stopped)
      ::kill(pid, SIGCONT);
  }
  let_pass(senders, 200);
  senders.finish();
  sql db{database.url()};
  wait_until_drained(db, senders);
  check_no_refusal(senders);
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("a database that crashes and recovers mid-batch costs a delay only") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  load senders{running.port()};
  for (int i = 0; i < 3; ++i) {
    let_pass(senders, 150);
    ::kill(database.cluster->pid(), SIGQUIT); // pg_ctl stop -m immediate
    let_pass(senders, 50);
    database.stop();
    database.start();
  }
  let_pass(senders, 150);
  senders.finish();
  sql db{database.url()};
  wait_until_drained(db, senders);
  check_no_refusal(senders);
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("a database that turns read-only is treated as away until it writes again") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  load senders{running.port()};
  let_pass(senders, 200);
  sql db{database.url()};
  db.run("ALTER SYSTEM SET default_transaction_read_only = on");
  db.run("SELECT pg_reload_conf()");
  let_pass(senders, 300);
  auto kept_before = db.number("SELECT count(*) FROM deliveries");
  let_pass(senders, 100);
  CHECK(db.number("SELECT count(*) FROM deliveries") == kept_before);
  db.run("SET default_transaction_read_only = off");
  db.run("ALTER SYSTEM RESET default_transaction_read_only");
  db.run("SELECT pg_reload_conf()");
  let_pass(senders, 200);
  senders.finish();
  wait_until_drained(db, senders);
  check_no_refusal(senders);
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("a redelivery of what the spool holds is one effect") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}}};
  database.stop();
  auto client = running.client();
  auto id = new_delivery_id();
  for (int i = 0; i < 3; ++i)
    REQUIRE(deliver(client, "pull_request", id, example_of("pull_request")).status == 200);
  database.start();
  sql db{database.url()};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM deliveries") > 0; }));
  CHECK(deliver(client, "pull_request", id, example_of("pull_request")).status == 200);
  CHECK(db.number("SELECT count(*) FROM deliveries") == 1);
  CHECK(db.number("SELECT count(*) FROM pull_requests") == 1);
}

TEST_CASE("law 6: a spool that the node finds damaged at its start is told of in the log") {
  const scratch_folder folder;
  std::ofstream{folder.path() / "spool.sqlite"} << std::string(10'000, 'x');
  const database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}}, .data_dir = folder.path()}};
  CHECK(running.log().find("spool was damaged") != std::string::npos);
}

TEST_CASE("law 5: when the spool is full too, the answer is 503 with Retry-After, and never a false acknowledgement") {
  database_outside database;
  node running{{.environment = {{"DATABASE_URL", database.url()}, {"INGOT_SPOOL_BYTES_MAX", "1048576"}}}};
  database.stop();
  auto client = running.client();
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 100'000; ++i) { // does not compress well
    state = state * 1664525 + 1013904223;
    noise.push_back(static_cast<char>('!' + (state >> 16) % 90));
  }
  auto payload = example_of("pull_request");
  payload.as_object()["noise"] = json::string{noise};
  std::int64_t accepted = 0;
  http_answer last;
  for (int i = 0; i < 60; ++i) {
    last = deliver(client, "pull_request", new_delivery_id(), payload);
    if (last.status != 200)
      break;
    ++accepted;
  }
  CHECK(last.status == 503);
  CHECK_FALSE(last["retry-after"].empty());
  CHECK(accepted >= 5);
  database.start();
  sql db{database.url()};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM deliveries") == accepted; }));
  CHECK(eventually([&] { return deliver(client, "pull_request", new_delivery_id(), payload).status == 200; }));
}
