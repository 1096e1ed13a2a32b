#include "tests/model/limiter_simulation.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::limiter_test;

namespace {

/// Between both, evenly.
double between(std::mt19937_64& chance, double least, double most) {
  return std::uniform_real_distribution{least, most}(chance);
}

conditions random_conditions(std::mt19937_64& chance) {
  auto out = conditions{};
  out.limit = static_cast<std::int64_t>(between(chance, 60, 900));
  out.of.requests_at_once = static_cast<unsigned>(between(chance, 2, 90));
  out.of.points_per_minute = static_cast<unsigned>(between(chance, 20, 800));
  out.of.reserve_percent = static_cast<unsigned>(between(chance, 0, 60));
  out.nodes = static_cast<std::size_t>(between(chance, 1, 5));
  constexpr double steps[] = {0.05, 0.5, 3, 15};
  out.step_seconds_max = steps[chance() % 4];
  out.asks_per_step = between(chance, 0.5, 8);
  out.request_seconds_max = between(chance, 0.1, 25);
  if (chance() % 2 == 0) {
    out.crash = between(chance, 0, 0.01);
    out.loss = between(chance, 0, 0.1);
    out.outage = between(chance, 0, 0.02);
  }
  return out;
}

} // namespace

TEST_CASE("law 8: under random schedules, crashes and outages nodes together never exceed a budget") {
  auto seeds = std::mt19937_64{20240501};
  auto windows = std::int64_t{0};
  for (auto run = 0; run < 3'000; ++run) {
    const auto seed = seeds();
    auto sim = simulation{random_conditions(seeds), seed};
    const auto steps = sim.what.step_seconds_max < 10 ? 250 : 1'000; // the latter through two windows' ends
    for (auto i = 0; i < steps; ++i)
      sim.step();
    windows += sim.github.windows;
    sim.github.roll(sim.github.ends);
    INFO("run " << run << ", limit " << sim.what.limit << ", nodes " << sim.what.nodes << ", step " << sim.what.step_seconds_max
                << ", crash " << sim.what.crash);
    REQUIRE(sim.github.refused == 0);
    REQUIRE(sim.github.most_ours <= sim.what.limit);
    REQUIRE(sim.github.most_background <= sim.what.limit - sim.what.limit * sim.what.of.reserve_percent / 100);
    REQUIRE(sim.most_at_once <= sim.what.of.requests_at_once);
    REQUIRE(sim.most_points <= sim.what.of.points_per_minute);
    REQUIRE(sim.longest_wait_us <= 60'000'000 + static_cast<std::int64_t>(sim.what.step_seconds_max * 1e6));
  }
  CHECK(windows > 4'000);
}

TEST_CASE("law 8: a budget that others spend, too, is asked for little more than is left") {
  auto seeds = std::mt19937_64{7};
  auto refused = std::int64_t{0}, ours = std::int64_t{0};
  for (auto run = 0; run < 200; ++run) {
    auto what = conditions{};
    what.external = 0.02;
    auto sim = simulation{what, seeds()};
    for (auto i = 0; i < 3'000; ++i)
      sim.step();
    refused += sim.github.refused;
    ours += sim.granted;
  }
  CHECK(refused * 30 < ours); // nobody can know what others spend before an answer says so
}

TEST_CASE("a node alone spends nearly all of a budget, and background work leaves the reserve") {
  auto what = conditions{};
  what.limit = 1'000;
  what.nodes = 1;
  what.free_share = 0;
  what.request_seconds_max = 0.5;
  auto sim = simulation{what, 1};
  auto& node = sim.nodes.front();
  const auto run = [&](urgency how) {
    for (auto i = 0; i < 3'000; ++i) {
      sim.now += std::chrono::milliseconds{200};
      if (node.waiting.size() < 50)
        sim.ask(node, how, "r" + std::to_string(i % 7));
      sim.move(node);
    }
  };
  run(urgency::fallback);
  CHECK(sim.github.background <= 800);
  CHECK(sim.github.background >= 780);
  run(urgency::webhook);
  CHECK(sim.github.ours >= 980);
  CHECK(sim.github.refused == 0);
  // All is spent: who asks is told when there will be more, at once.
  sim.ask(node, urgency::webhook, "r");
  const auto told = node.limiter->take_outcomes();
  REQUIRE(told.size() == 1);
  CHECK(told[0].retry_at == sim.github.ends + window_slack);
  CHECK(told[0].waited == microseconds{0});
}

TEST_CASE("no urgency starves, and webhooks have most of a budget") {
  auto what = conditions{};
  what.limit = 5'000;
  what.nodes = 1;
  what.free_share = 0;
  what.request_seconds_max = 0.2;
  what.of.requests_at_once = 8;
  what.wait_max = seconds{3'000};
  auto sim = simulation{what, 2};
  auto& node = sim.nodes.front();
  for (auto i = 0; i < 4'000; ++i) {
    sim.now += std::chrono::milliseconds{100};
    for (const auto how : {urgency::webhook, urgency::manual, urgency::fallback, urgency::nightly})
      while (node.limiter->waiting()[static_cast<std::size_t>(how)] < 100)
        sim.ask(node, how, "r" + std::to_string(sim.tickets % 11));
    sim.move(node);
  }
  const auto webhooks = sim.granted_of[0];
  CHECK(sim.granted > 2'500);
  for (const auto how : {1, 2, 3})
    CHECK(sim.granted_of[static_cast<std::size_t>(how)] * 20 > webhooks);
  CHECK(webhooks * 100 > sim.granted * 70);
}

namespace {

/// A node whose exchanges succeed at once.
struct lone_node {
  node_limiter limiter;
  shared_budget row;
  limits of;
  timestamp now = at_second(0);
  std::uint64_t tickets = 0;

  explicit lone_node(const limits& x = {}, microseconds wait_max = seconds{60}) : limiter{x, "n", wait_max}, of{x} {}

  std::uint64_t ask(urgency how, const std::string& repository = "r", unsigned points = 1) {
    limiter.ask(++tickets, {"user/3", resource::core, how, repository, points}, now);
    return tickets;
  }

  std::vector<outcome> turn() {
    limiter.tick(now);
    for (auto round = 0; round < 3; ++round)
      for (const auto& x : limiter.take_reports(now))
        limiter.learn(apply(row, x, of, now), now);
    return limiter.take_outcomes();
  }

  rate_news news(std::int64_t remaining = 4'000) const {
    auto out = rate_news{};
    out.limit = 5'000;
    out.remaining = remaining;
    out.reset = at_second(1'800);
    return out;
  }

  /// So that the budget is known.
  void warm_up() {
    ask(urgency::webhook);
    for (const auto& x : turn())
      limiter.settle(x.mark, news(), now);
    turn();
  }
};

} // namespace

TEST_CASE("one repository with 10,000 waiting cannot starve another") {
  auto of = limits{};
  of.requests_at_once = 10;
  of.points_per_minute = 10'000;
  auto node = lone_node{of};
  node.warm_up();
  for (auto i = 0; i < 9'000; ++i)
    node.ask(urgency::fallback, "big");
  const auto small = node.ask(urgency::fallback, "small");
  auto before = 0;
  for (auto found = false; !found; node.now += std::chrono::milliseconds{100})
    for (const auto& x : node.turn()) {
      REQUIRE_FALSE(x.retry_at);
      found = found || x.ticket == small;
      before += found ? 0 : 1;
      node.limiter.settle(x.mark, node.news(), node.now);
    }
  CHECK(before < 20);
}

TEST_CASE("law 5: past so many that wait for a budget one is told to come back") {
  auto of = limits{};
  of.requests_at_once = 1;
  auto node = lone_node{of};
  node.warm_up();
  auto refused = 0;
  for (auto i = 0; i < 10'100; ++i)
    node.ask(urgency::webhook, "r" + std::to_string(i));
  for (const auto& x : node.turn())
    refused += x.retry_at ? 1 : 0;
  CHECK(refused >= 99);
  CHECK(refused <= 100);
  // And those who wait too long are told, each in its time.
  node.now += seconds{61};
  auto late = std::size_t{0};
  for (const auto& x : node.turn())
    late += x.retry_at && *x.retry_at > node.now ? 1u : 0u;
  CHECK(late >= 9'990);
  CHECK(node.limiter.waiting()[0] <= 10);
}

TEST_CASE("retry-after stops a budget, and the next node, until it is over") {
  auto node = lone_node{};
  node.warm_up();
  node.ask(urgency::webhook);
  auto limited = rate_news{};
  limited.limited = limited.free = true;
  limited.retry_after = node.now + seconds{30};
  for (const auto& x : node.turn())
    node.limiter.settle(x.mark, limited, node.now);
  node.turn();
  CHECK(node.row.blocked.blocked_until == limited.retry_after);
  node.ask(urgency::webhook);
  CHECK(node.turn().empty());
  auto other = node_limiter{node.of, "other", seconds{10}};
  other.ask(1, {"user/3", resource::core, urgency::webhook, "r", 1}, node.now);
  for (const auto& x : other.take_reports(node.now))
    other.learn(apply(node.row, x, node.of, node.now), node.now);
  const auto told = other.take_outcomes();
  REQUIRE(told.size() == 1);
  CHECK(told[0].retry_at == limited.retry_after);
  node.now += seconds{31};
  const auto after = node.turn();
  REQUIRE(after.size() == 1);
  CHECK_FALSE(after[0].retry_at);
}

TEST_CASE("a secondary limit without a time stops for a minute, then for two, and is forgotten in the end") {
  auto x = penalty{};
  const auto t = at_second(0);
  x.strike(t, t);
  CHECK(x.blocked_until == t + seconds{60});
  x.strike(t - seconds{1}, t + seconds{2}); // was under way when the first came
  CHECK(x.blocked_until == t + seconds{60});
  x.strike(t + seconds{61}, t + seconds{62});
  CHECK(x.blocked_until == t + seconds{62 + 120});
  for (auto i = 0; i < 20; ++i)
    x.strike(*x.blocked_until, *x.blocked_until + seconds{1});
  CHECK(*x.blocked_until - x.struck_at == strike_longest);
  const auto later = *x.blocked_until + strike_memory + seconds{1};
  x.strike(later, later);
  CHECK(x.blocked_until == later + seconds{60});
}

TEST_CASE("a low budget is shared, and what a node that fell had leased comes back once GitHub has counted") {
  const auto of = limits{.reserve_percent = 0};
  auto row = shared_budget{};
  auto& w = row.windows[0];
  w.limit = 5'000;
  w.observed = true;
  w.ends_at = at_second(1'800);
  w.spent = 4'990;
  auto wants = [&](const std::string& node, double at) {
    auto x = report{"b", node, at_second(at), {}, 0, 5, {}};
    x.parts[0].wanted = 100;
    return apply(row, x, of, at_second(at)).parts[0];
  };
  const auto first = wants("one", 0);
  CHECK(first.urgent == 5);
  CHECK(wants("two", 0).urgent == 1);
  // Node one falls. What it leased is nobody's, even when the lease has lapsed.
  auto seen = report{"b", "two", at_second(70), {}, 0, 5, {}};
  seen.parts[0].kept = 0;
  seen.parts[0].spent = 1;
  apply(row, seen, of, at_second(70));
  CHECK(row.leases.size() == 2);
  // An answer to a request that was granted later says that 4,992 are spent: ours, and one of the five.
  seen.at = at_second(80);
  seen.parts[0].spent = 0;
  seen.parts[0].seen = observation{5'000, 8, at_second(1'800), w.generation, 4'991, at_second(75)};
  apply(row, seen, of, at_second(80));
  CHECK(w.unspent() == 8);
  apply(row, seen, of, at_second(81));
  CHECK(row.leases.size() == 1);
}

TEST_CASE("an answer of a window that is over changes nothing") {
  const auto of = limits{};
  auto row = shared_budget{};
  auto tell = [&](observation seen, double at) {
    auto x = report{"b", "n", at_second(at), {}, 1, 1, {}};
    x.parts[0].seen = seen;
    apply(row, x, of, at_second(at));
  };
  tell({5'000, 100, at_second(100), 0, 0, at_second(10)}, 11);
  CHECK(row.windows[0].unspent() == 100);
  tell({5'000, 4'990, at_second(3'700), 0, 0, at_second(102)}, 103);
  CHECK(row.windows[0].unspent() == 4'990);
  tell({5'000, 90, at_second(100), 0, 0, at_second(99)}, 104);
  CHECK(row.windows[0].unspent() == 4'990);
  tell({5'000, 4'995, at_second(3'700), 1, 0, at_second(101)}, 105); // granted before what is known
  CHECK(row.windows[0].unspent() == 4'990);
}

TEST_CASE("a node whose clock has jumped between an answer and its report does not outdate what others see later") {
  const auto of = limits{};
  auto row = shared_budget{};
  auto x =
      report{"b", "jumped", at_second(-4'300), {}, 1, 1, {}}; // told at second 20, by a clock that is behind since the answer
  x.parts[0].seen = observation{5'000, 100, at_second(3'600), 0, 0, at_second(10)};
  apply(row, x, of, at_second(20));
  CHECK(row.windows[0].unspent() == 100);
  CHECK(row.windows[0].observed_at == at_second(20));
  auto later = report{"b", "other", at_second(40), {}, 1, 1, {}};
  later.parts[0].seen = observation{5'000, 90, at_second(3'600), row.windows[0].generation, 0, at_second(30)};
  apply(row, later, of, at_second(40));
  CHECK(row.windows[0].unspent() == 90);
}

TEST_CASE("a node whose clock jumps stops a budget neither again nor for long") {
  const auto of = limits{};
  auto row = shared_budget{};
  row.blocked.block(at_second(10)); // over at 100
  // Two hours ahead for a moment: what is over does not come back, neither by its answer nor by what it tells later.
  const auto ahead = apply(row, {"b", "n", at_second(7'300), {}, 1, 1, {}}, of, at_second(100));
  CHECK_FALSE(ahead.blocked.blocks(at_second(100)));
  auto x = report{"b", "n", at_second(100), {}, 1, 1, {}};
  x.blocked = ahead.blocked;
  apply(row, x, of, at_second(101));
  CHECK_FALSE(row.blocked.blocks(at_second(101)));
  // Two hours behind when it tells of a minute: an hour at most.
  x.at = at_second(-7'000);
  x.blocked = {};
  x.blocked.block(at_second(260));
  apply(row, x, of, at_second(200));
  CHECK(row.blocked.blocks(at_second(201)));
  CHECK_FALSE(row.blocked.blocks(at_second(200 + 3'601)));
  CHECK(row.blocked.struck_at <= at_second(200));
}

TEST_CASE("a server without limits is not held to one") {
  auto of = limits{};
  of.points_per_minute = 100'000;
  auto node = lone_node{of};
  auto granted = 0;
  for (auto i = 0; i < 3'000; ++i) {
    node.ask(urgency::nightly);
    for (const auto& x : node.turn()) {
      REQUIRE_FALSE(x.retry_at);
      ++granted;
      node.limiter.settle(x.mark, {}, node.now);
    }
    node.now += std::chrono::milliseconds{300};
  }
  CHECK(granted == 3'000);
  CHECK(node.row.windows[0].unmetered);
}

TEST_CASE("a budget that idles gives its lease back and is forgotten") {
  auto node = lone_node{};
  node.warm_up();
  CHECK(node.row.leases.size() == 1);
  node.now += seconds{3};
  node.turn();
  CHECK(node.row.leases.empty());
  CHECK(node.limiter.view(node.now).size() == 1);
  node.now += seconds{61};
  node.turn();
  CHECK(node.limiter.view(node.now).empty());
  CHECK_FALSE(node.limiter.next());
}

TEST_CASE("without the database what is leased may be spent, and nothing more") {
  auto node = lone_node{};
  node.warm_up();
  for (auto i = 0; i < 40; ++i)
    node.ask(urgency::webhook);
  auto granted = node.turn().size();
  CHECK(granted == 40);
  for (auto i = 0; i < 400; ++i)
    node.ask(urgency::webhook);
  for (auto i = 0; i < 100; ++i) {
    node.now += seconds{1};
    node.limiter.tick(node.now);
    for (const auto& x : node.limiter.take_reports(node.now))
      node.limiter.failed(x, node.now);
    for (const auto& x : node.limiter.take_outcomes())
      granted += x.retry_at ? 0u : 1u;
  }
  CHECK(granted < 200);
  CHECK(node.limiter.waiting()[0] == 0);
}
