#include "net/http/turns.hpp"
#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <memory>
#include <random>

using namespace ingot;
using namespace ingot::testing;
using http::sender;

namespace {

/// Takes what the turns tell those that wait.
struct told : http::answer_sink {
  std::vector<std::uint64_t> granted, lost;

  void answer(std::uint64_t ticket, std::optional<http::response> what) noexcept override {
    (what ? granted : lost).push_back(ticket);
  }
};

/// Turns moved by hand.
struct hand {
  std::shared_ptr<told> sink = std::make_shared<told>();
  http::turns turns;
  http::steady_time now{std::chrono::hours{1}};
  std::uint64_t tickets = 0;

  explicit hand(std::size_t per_sender) : turns{per_sender} {}

  bool enter(const sender& who, std::size_t weight = 1) {
    return turns.enter(who, weight, now, [&] { return http::responder{sink, ++tickets}; });
  }

  /// @returns how many went on instead
  std::size_t leave(const sender& who, std::size_t weight = 1) {
    auto next = turns.leave(who, weight, now);
    for (auto& x : next)
      x(ok());
    return next.size();
  }
};

constexpr auto flood = sender{0, 11}, quiet = sender{0, 22};

} // namespace

TEST_CASE("law 5: a sender that is alone has as many requests at once as it likes") {
  hand x{2};
  for (auto i = 0; i < 100; ++i)
    CHECK(x.enter(flood));
  CHECK(x.turns.waiting() == 0);
}

TEST_CASE("law 3: a sender that floods waits for its own turn, and no other sender waits for it") {
  hand x{2};
  CHECK(x.enter(quiet));
  auto went_on = 0;
  for (auto i = 0; i < 100; ++i)
    went_on += x.enter(flood) ? 1 : 0;
  CHECK(went_on == 2);
  CHECK(x.turns.waiting() == 98);
  for (auto i = 0; i < 50; ++i) { // however much it sends
    CHECK(x.leave(quiet) == 0);
    CHECK(x.enter(quiet));
  }
  CHECK(x.leave(flood) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{1}); // in its own order
  CHECK_FALSE(x.enter(flood));
  CHECK(x.leave(flood) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("a sender that is the only one left goes on with all that waits") {
  hand x{1};
  CHECK(x.enter(quiet));
  CHECK(x.enter(flood));
  for (auto i = 0; i < 10; ++i)
    CHECK_FALSE(x.enter(flood));
  x.leave(quiet);
  CHECK(x.leave(flood) == 1);
  x.now += http::turns::memory;
  CHECK(x.leave(flood) == 9);
  CHECK(x.turns.waiting() == 0);
}

TEST_CASE("law 5: an address has the requests of four senders, whatever keys it shows, and they go in turn") {
  hand x{1};
  CHECK(x.enter({2, 1}));
  for (auto i = 0u; i < 100; ++i)
    CHECK(x.enter({1, 100 + i}) == (i < 4));
  CHECK_FALSE(x.enter({1, 150})); // behind the first of its own
  CHECK(x.leave({1, 100}) == 1);
  CHECK(x.leave({1, 101}) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{1, 2});
  CHECK(x.leave({2, 1}) == 0);
  CHECK(x.enter({2, 1})); // another address waits for none of them
}

TEST_CASE("law 5: a request with a large body takes several turns, and one of its own size always goes on") {
  hand x{4};
  CHECK(x.enter(quiet));
  CHECK(x.enter(flood, 9));
  CHECK_FALSE(x.enter(flood));
  CHECK(x.leave(flood, 9) == 1);
  CHECK(x.enter(flood, 3));
  CHECK_FALSE(x.enter(flood, 2));
}

TEST_CASE("law 5: a large request that waits for its address is passed by no small one of that address") {
  hand x{1}; // four of an address
  CHECK(x.enter(sender{200, 9}));
  CHECK(x.enter(sender{100, 1}));
  CHECK_FALSE(x.enter(sender{100, 2}, 9)); // alone only
  CHECK_FALSE(x.enter(sender{100, 3}));
  CHECK(x.enter(sender{200, 8})); // another address
  CHECK(x.leave(sender{100, 1}) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{1});
  CHECK(x.leave(sender{100, 2}, 9) == 1);
  CHECK(x.turns.waiting() == 0);
}

TEST_CASE("law 5: nor is it passed when one that waits for itself alone stands before it") {
  hand x{1};
  CHECK(x.enter(sender{200, 9}));
  CHECK(x.enter(sender{100, 1}));
  CHECK_FALSE(x.enter(sender{100, 1}));    // for its own first
  CHECK_FALSE(x.enter(sender{100, 2}, 9)); // for the address
  CHECK_FALSE(x.enter(sender{100, 3}));
  CHECK(x.leave(sender{100, 1}) == 1);
  CHECK(x.leave(sender{100, 1}) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("law 5: whoever has waited too long is told, and leaves nothing behind") {
  hand x{1};
  CHECK(x.enter(quiet));
  CHECK(x.enter(flood));
  CHECK_FALSE(x.enter(flood));
  x.now += std::chrono::seconds{5};
  CHECK_FALSE(x.enter(flood));
  CHECK(x.turns.give_up(x.now - std::chrono::seconds{4}).size() == 1);
  CHECK(x.turns.waiting() == 1);
  CHECK(x.leave(flood) == 1);
  CHECK(x.sink->granted == std::vector<std::uint64_t>{2});
}

TEST_CASE("law 5: whatever comes and goes, nobody is past its bound, nobody is forgotten and nothing is counted twice") {
  constexpr auto most = std::size_t{3};
  for (auto seed = 0u; seed < 100; ++seed) {
    INFO("seed " << seed);
    std::mt19937 chance{seed};
    hand x{most};
    auto held = std::map<std::uint64_t, std::map<std::uint64_t, std::size_t>>{}; // by address and tenant, with the application
    auto of_ticket = std::map<std::uint64_t, sender>{};                          // who waits
    auto in_hand = std::vector<sender>{};
    auto seen = std::size_t{0}, past_bound = std::size_t{0};
    const auto go_on = [&](const sender& who) {
      in_hand.push_back(who);
      auto& tenants = held[who.address];
      past_bound += ++tenants[who.tenant] > most ? 1 : 0;
      auto sum = std::size_t{0};
      for (const auto& [tenant, count] : tenants)
        sum += count;
      past_bound += who.address != 0 && sum > most * http::turns::senders_per_address ? 1 : 0;
    };
    const auto end_one = [&] {
      std::swap(in_hand[chance() % in_hand.size()], in_hand.back());
      const auto who = in_hand.back();
      in_hand.pop_back();
      --held[who.address][who.tenant];
      x.leave(who);
      for (; seen < x.sink->granted.size(); ++seen) {
        const auto next = of_ticket.extract(x.sink->granted[seen]);
        REQUIRE(next);
        go_on(next.mapped());
      }
    };
    for (const auto& who : {sender{100, 1}, sender{200, 1}, sender{100, 2}, sender{200, 2}}) { // several have asked
      CHECK(x.enter(who));
      x.leave(who);
    }
    for (auto i = 0; i < 300; ++i) {
      x.now += std::chrono::milliseconds{chance() % 10};
      const auto who = sender{chance() % 3 * 100, 1 + chance() % 6};
      if (chance() % 3 == 0 && !in_hand.empty())
        end_one();
      else if (x.enter(who))
        go_on(who);
      else
        of_ticket[x.tickets] = who;
    }
    CHECK(x.turns.waiting() == of_ticket.size());
    CHECK_FALSE(of_ticket.empty());
    while (!in_hand.empty())
      end_one();
    CHECK(past_bound == 0);
    CHECK(of_ticket.empty());
    CHECK(x.turns.waiting() == 0);
    CHECK(x.sink->lost.empty());
  }
}

TEST_CASE("law 5: over HTTP the excess of one sender waits while another is served, and is answered 429 when it waits too long") {
  auto settings = test_settings();
  settings.requests_per_sender_max = 1;
  settings.turn_timeout = milliseconds(300);
  serving s(settings);
  const auto request = [](const char* path, const char* from) {
    return "POST " + std::string{path} + " HTTP/1.1\r\nHost: x\r\nX-Sender: " + from + "\r\nContent-Length: 1\r\n\r\nx";
  };
  raw_client quiet_one(s.server.port()), first(s.server.port()), second(s.server.port());
  quiet_one.send(request("/post", "quiet"));
  CHECK(quiet_one.read_answer().status == 200);
  first.send(request("/hold", "flood"));
  auto held = s.app.take_held(1);
  second.send(request("/post", "flood"));
  CHECK(eventually([&] { return s.server.counts().requests_waiting == 1; }));
  quiet_one.send(request("/post", "quiet"));
  CHECK(quiet_one.read_answer().status == 200);
  const auto refused = second.read_answer();
  CHECK(refused.status == 429);
  CHECK(refused["retry-after"] == "1");
  CHECK(s.refusals.wait_for(fault::overloaded));
  // The connection goes on, and its next request goes when the first is over.
  second.send(request("/post", "flood"));
  CHECK(eventually([&] { return s.server.counts().requests_waiting == 1; }));
  held.at(0)(ok());
  CHECK(first.read_answer().status == 200);
  CHECK(second.read_answer().status == 200);
  CHECK(eventually([&] { return s.server.counts().requests_in_flight == 0; }));
}
