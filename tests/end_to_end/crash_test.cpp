#include "tests/end_to_end/load.hpp"

#include "storage/cluster.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>

using namespace ingot::testing;
using std::chrono::milliseconds;

// Killing a process proves nothing of fsync (the page cache survives it); it proves the order of what is written and answered.

namespace {

/// INGOT_KILLS kills in all (60), of which this test case takes `share` of 60.
int kills(int share) {
  const char* wanted = std::getenv("INGOT_KILLS");
  int all = wanted != nullptr ? std::atoi(wanted) : 60;
  return std::max(1, all * share / 60);
}

/// Lets the node die `count` times at the named point, at another pass each time, under load. It runs without the point at the
/// end.
void die_at(node& running, const load& senders, const std::string& point, int count, int first_pass = 1) {
  for (int i = 0; i < count; ++i) {
    running.environment()["INGOT_FAILPOINT"] = point + ":" + std::to_string(first_pass + (i * 7) % 23);
    running.launch();
    INFO(point << ", kill " << i + 1 << ", " << senders.acknowledged() << " acknowledged");
    auto status = running.wait(std::chrono::seconds{60});
    REQUIRE(status);
    REQUIRE(WIFSIGNALED(*status));
    REQUIRE(WTERMSIG(*status) == SIGKILL);
  }
  running.environment().erase("INGOT_FAILPOINT");
}

} // namespace

TEST_CASE("law 1: killed at random under load, the node loses nothing that it acknowledged and applies nothing twice") {
  std::mt19937 chance{20240601};
  node running;
  load senders{running.port()};
  for (int i = 0, count = kills(20); i < count; ++i) {
    auto before = senders.acknowledged();
    REQUIRE(eventually([&] { return senders.acknowledged() > before + 5; }));
    nap(milliseconds{chance() % 150});
    running.kill();
    running.start();
  }
  senders.finish();
  sql db{running.database_url()};
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("law 1: killed before COMMIT, while it is under way, and between COMMIT and the answer, the retry finds one effect") {
  node running{{.start = false}};
  load senders{running.port()};
  die_at(running, senders, "before_commit", kills(8));
  die_at(running, senders, "during_commit", kills(4));
  die_at(running, senders, "after_commit", kills(8));
  running.start();
  auto before = senders.acknowledged();
  CHECK(eventually([&] { return senders.acknowledged() > before + 50; }));
  senders.finish();
  sql db{running.database_url()};
  check_nothing_lost_nothing_double(db, senders);
}

TEST_CASE("law 1: killed while it spools and while it drains, the node loses nothing and doubles nothing") {
  scratch_folder scratch;
  std::optional<ingot::storage::embedded_cluster> database;
  database.emplace(scratch.path());
  node running{{.environment = {{"DATABASE_URL", database->url()}}}}; // migrates
  load senders{running.port()};
  CHECK(eventually([&] { return senders.acknowledged() > 50; }));
  running.kill();

  database.reset();
  die_at(running, senders, "before_spool_commit", kills(5));
  die_at(running, senders, "after_spool_commit", kills(5));
  running.start(true); // spools without dying, so that there is something to drain
  auto before = senders.acknowledged();
  CHECK(eventually([&] { return senders.acknowledged() > before + 500; }));
  running.kill();

  database.emplace(scratch.path());
  running.environment()["INGOT_SPOOL_DRAIN_ITEMS"] = "8"; // many transactions, so that there are many points to die at
  for (int i = 0, rounds = kills(5); i < rounds; ++i)
    for (const char* point : {"before_drain_commit", "after_drain_commit"}) {
      // The spool may be empty by now: fill it while the database is away.
      database.reset();
      running.start(true);
      before = senders.acknowledged();
      CHECK(eventually([&] { return senders.acknowledged() > before + 200; }));
      running.kill();
      database.emplace(scratch.path());
      die_at(running, senders, point, 1, 1 + i * 3 % 20);
    }
  running.start();
  senders.finish();
  sql db{running.database_url()};
  CHECK(eventually(
      [&] { return db.number("SELECT count(*) FROM deliveries") >= static_cast<std::int64_t>(senders.acknowledged()); }));
  check_nothing_lost_nothing_double(db, senders);
}
