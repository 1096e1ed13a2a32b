#include "tests/end_to_end/load.hpp"

#include "storage/cluster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <csignal>
#include <fstream>
#include <sys/wait.h>

using namespace ingot::testing;
using std::chrono::seconds;

namespace {

/// What a node in that folder says when it refuses to start.
finished start_in(const std::filesystem::path& data_dir, std::map<std::string, std::string> environment = {}) {
  port_lease port;
  environment["INGOT_DATA_DIR"] = data_dir.string();
  environment["PORT"] = std::to_string(port.port());
  environment["GITHUB_WEBHOOK_SECRET"] = std::string{webhook_secret};
  return run_ingot({"serve"}, environment);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a second node on the same data folder is refused and told why, and the first serves on") {
  node running;
  auto second = start_in(running.data_dir());
  INFO(second.output);
  CHECK(second.exit_code > 0);
  CHECK(holds(second.output, running.data_dir().string()));
  CHECK(holds(second.output, std::to_string(running.pid())));
  auto client = running.client();
  CHECK(deliver(client, "push", new_delivery_id(), example_of("push")).status == 200);
}

TEST_CASE("a killed node's folder is taken up again with all that was acknowledged") {
  node running;
  auto id = new_delivery_id();
  {
    auto client = running.client();
    REQUIRE(deliver(client, "pull_request", id, example_of("pull_request")).status == 200);
  }
  for (int i = 0; i < 3; ++i) {
    running.kill();
    CHECK(std::filesystem::exists(running.data_dir() / "ingot.lock"));
    running.start();
  }
  CHECK(sql{running.database_url()}.number("SELECT count(*) FROM deliveries WHERE delivery_id = " + literal(id)) == 1);
}

TEST_CASE("data of a newer PostgreSQL or of a newer schema is refused and told why") {
  node running;
  SECTION("PostgreSQL") {
    running.kill();
    std::ofstream{running.data_dir() / "postgres" / "PG_VERSION"} << "99\n";
    if (std::filesystem::exists(running.data_dir() / "postgres" / "data"))
      std::ofstream{running.data_dir() / "postgres" / "data" / "PG_VERSION"} << "99\n";
    auto refused = start_in(running.data_dir());
    INFO(refused.output);
    CHECK(refused.exit_code > 0);
    CHECK(holds(refused.output, "99"));
  }
  SECTION("schema") {
    sql{running.database_url()}.run("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
    running.kill();
    auto refused = start_in(running.data_dir());
    INFO(refused.output);
    CHECK(refused.exit_code > 0);
    CHECK(holds(refused.output, "9999"));
  }
}

TEST_CASE("SIGTERM stops taking requests, finishes and keeps what was taken, stops the database and exits with 0") {
  node running;
  load senders{running.port()};
  REQUIRE(eventually([&] { return senders.acknowledged() > 200; }));
  running.signal(SIGTERM);
  auto status = running.wait(seconds{30});
  REQUIRE(status);
  INFO(running.log());
  CHECK(*status == 0);
  running.start();
  senders.finish();
  CHECK(senders.refusals().size() <= 64); // 503 `stopping` at most, to what came while it drained
  sql db{running.database_url()};
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("a second signal ends at once what the first one lets drain") {
  node running{{.environment = {{"INGOT_SERVER_DRAIN_TIMEOUT_MS", "600000"}, {"INGOT_SERVER_BODY_GRACE_MS", "600000"}}}};
  auto client = running.client();
  // The second request's body never comes: it is in flight for as long as the node lets it.
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
              "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n");
  REQUIRE(client.read_answer().status == 200);
  running.signal(SIGTERM);
  CHECK_FALSE(running.wait(std::chrono::milliseconds{1500}));
  running.signal(SIGTERM);
  auto status = running.wait(seconds{60});
  INFO(running.log());
  REQUIRE(status);
  CHECK(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 130);
}

TEST_CASE("a node that starts while its database is away takes deliveries at once and drains them later") {
  scratch_folder scratch;
  std::optional<ingot::storage::embedded_cluster> database;
  database.emplace(scratch.path());
  auto url = database->url();
  node running{{.environment = {{"DATABASE_URL", url}}}};
  running.kill();
  database.reset();
  running.start(true);
  auto client = running.client();
  CHECK(client.get("/ready").status == 503);
  CHECK(deliver(client, "pull_request", new_delivery_id(), example_of("pull_request")).status == 200);
  database.emplace(scratch.path());
  sql db{url};
  CHECK(eventually([&] { return db.number("SELECT count(*) FROM pull_requests") == 1; }));
  CHECK(eventually([&] { return running.client().get("/ready").status == 200; }));
}
