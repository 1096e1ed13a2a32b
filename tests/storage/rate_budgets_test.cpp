#include "model/github/limiter/limiter.hpp"
#include "storage/rate_budgets.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

#include <chrono>

using namespace ingot;
using namespace ingot::storage;
using namespace ingot::github::limiter;
using contents::urgency;
using github::rate_news;
using github::resource;

namespace {

timestamp wall_clock() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// A node and its connection to the rows.
struct node {
  std::unique_ptr<rate_store> store;
  node_limiter limiter;
  std::uint64_t tickets = 0;

  node(const testing::database& db, const std::string& name, const limits& of = {})
      : store{open_rate_store(db.url(), db.settings(), of)}, limiter{of, name, seconds{60}} {}

  void exchange() {
    const auto reports = limiter.take_reports(wall_clock());
    if (!reports.empty())
      for (const auto& x : store->exchange(reports))
        limiter.learn(x, wall_clock());
  }

  /// Asks for so many. @returns what was granted
  std::vector<outcome> ask(int count, urgency how = urgency::webhook) {
    for (auto i = 0; i < count; ++i)
      limiter.ask(++tickets, {"installation/7", resource::core, how, "r", 1}, wall_clock());
    auto out = std::vector<outcome>{};
    for (auto round = 0; round < 12; ++round) {
      exchange();
      for (auto& x : limiter.take_outcomes())
        if (!x.retry_at)
          out.push_back(std::move(x));
    }
    return out;
  }
};

rate_news news(std::int64_t remaining, timestamp reset) {
  auto out = rate_news{};
  out.limit = 5'000;
  out.remaining = remaining;
  out.reset = reset;
  return out;
}

} // namespace

TEST_CASE("law 12: two nodes share what GitHub says is left, and neither starts anew") {
  testing::database db;
  auto one = node{db, "one"}, two = node{db, "two"};
  const auto reset = std::chrono::floor<seconds>(wall_clock()) + seconds{1'800};
  auto first = one.ask(1);
  REQUIRE(first.size() == 1);
  one.limiter.settle(first[0].mark, news(40, reset), wall_clock());
  auto granted = one.ask(30).size();
  granted += two.ask(30).size();
  CHECK(granted <= 40);
  CHECK(granted >= 30);
  CHECK(db.sql("SELECT request_limit FROM rate_windows WHERE resource = 'core'") == "5000");
  CHECK(db.sql("SELECT count(*) FROM rate_leases") == "2");

  // Both fall; a third comes, and finds what they left: nothing that they may have spent is spent again.
  auto three = node{db, "three"};
  CHECK(granted + three.ask(40).size() <= 40);
}

TEST_CASE("a lease that is given back leaves no row, and what was spent stays spent") {
  testing::database db;
  auto one = node{db, "one"};
  auto granted = one.ask(15);
  REQUIRE(granted.size() == 15);
  for (const auto& x : granted)
    one.limiter.settle(x.mark, {}, wall_clock());
  one.store->exchange(one.limiter.give_back(wall_clock()));
  CHECK(db.sql("SELECT count(*) FROM rate_leases") == "0");
  CHECK(db.sql("SELECT spent FROM rate_windows WHERE resource = 'core'") == "15");
  auto two = node{db, "two"};
  CHECK(two.ask(60).size() <= 45); // what one may spend before the first answer
}

TEST_CASE("rows keep all that is known of a budget") {
  testing::database db;
  auto store = open_rate_store(db.url(), db.settings(), {});
  auto x = report{"user/3", "n", wall_clock(), {}, 2, 3, {}};
  x.parts[1].wanted = x.parts[1].points_wanted = 7;
  x.parts[1].seen = observation{5'000, 4'321, std::chrono::floor<seconds>(wall_clock()) + seconds{600}, 0, 0, wall_clock()};
  const auto told = store->exchange({&x, 1});
  REQUIRE(told.size() == 1);
  CHECK(told[0].at_once == 3);
  CHECK(told[0].parts[1].urgent == 7);
  CHECK(told[0].parts[1].points_urgent == 7);
  auto link = db.connect();
  const auto found = list_rate_budgets(*link, "", 10);
  REQUIRE(found.size() == 1);
  const auto& kept = found[0].budget;
  CHECK(kept.name == "user/3");
  CHECK(kept.windows[1].observed);
  CHECK(kept.windows[1].unspent() == 4'321);
  CHECK(kept.windows[1].ends_at == x.parts[1].seen->reset);
  CHECK(kept.windows[1].points_leased(wall_clock()) == 7);
  CHECK_FALSE(kept.windows[0].observed);
  REQUIRE(kept.leases.size() == 1);
  CHECK(kept.leases[0].requests[1] == 7);
  CHECK(kept.leases[0].at_once == 3);

  x.parts[1] = {};
  x.blocked.block(wall_clock() + seconds{30});
  const auto blocked = store->exchange({&x, 1});
  CHECK(blocked[0].blocked.blocks(wall_clock() + seconds{25}));
  CHECK(db.sql("SELECT blocked_until > now() + interval '25 seconds' FROM rate_budgets") == "t");
  CHECK(list_rate_budgets(*link, "user/3", 10).empty());

  db.sql("UPDATE rate_budgets SET updated_at = now() - interval '8 days'");
  store->sweep();
  CHECK(db.sql("SELECT count(*) FROM rate_budgets") == "0");
  CHECK(db.sql("SELECT count(*) FROM rate_windows") == "0");
}

TEST_CASE("open windows are those that GitHub told of and that are not over, the most spent first") {
  testing::database db;
  auto store = open_rate_store(db.url(), db.settings(), {});
  auto link = db.connect();
  const auto reset = std::chrono::floor<seconds>(wall_clock()) + seconds{1'800};
  const auto tell = [&](const std::string& budget, std::int64_t limit, std::int64_t remaining, std::optional<timestamp> ends_at) {
    auto x = report{budget, "n", wall_clock(), {}, 0, 0, {}};
    x.parts[0].seen = observation{limit, remaining, ends_at, 0, 0, wall_clock()};
    store->exchange({&x, 1});
  };
  tell("installation/7", 5'000, 250, reset);
  tell("app", 5'000, 4'900, reset);
  tell("token", 60, 0, std::nullopt);
  tell("removed", 5'000, 1, reset);
  tell("endless", 5'000, 2, std::nullopt);
  auto unmetered = report{"enterprise", "n", wall_clock(), {}, 0, 0, {}};
  unmetered.parts[0].seen = observation{};
  unmetered.parts[0].seen->unmetered = true;
  store->exchange({&unmetered, 1});
  db.sql("UPDATE rate_windows SET ends_at = now() - interval '1 second' WHERE budget = 'removed'");
  db.sql("UPDATE rate_windows SET observed_at = now() - interval '61 minutes' WHERE budget = 'endless'");
  const auto found = list_open_rate_windows(*link, 10);
  REQUIRE(found.size() == 3);
  CHECK(found[0].budget == "token");
  CHECK(found[0].remaining == 0);
  CHECK(found[1].budget == "installation/7");
  CHECK(found[1].of == resource::core);
  CHECK(found[1].limit == 5'000);
  CHECK(found[1].remaining == 250);
  CHECK(found[2].budget == "app");
  CHECK(list_open_rate_windows(*link, 1).size() == 1);
}

TEST_CASE("a database that is away is told as that") {
  testing::database db;
  auto store = open_rate_store(db.url(), db.settings(), {});
  db.sql("DROP TABLE rate_leases");
  auto x = report{"user/3", "n", wall_clock(), {}, 0, 1, {}};
  CHECK_THROWS_AS(store->exchange({&x, 1}), store_error);
}
