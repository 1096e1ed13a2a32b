#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <future>

using namespace ingot;
using namespace ingot::testing;

namespace {

constexpr std::string_view get = "GET /get HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view hold = "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";

} // namespace

TEST_CASE("a drain lets requests in flight finish, closes idle connections and takes no new ones") {
  auto settings = test_settings();
  settings.io_threads = GENERATE(1u, 2u);
  serving s(settings);
  raw_client idle(s.server.port());
  idle.send(get);
  CHECK(idle.read_answer().status == 200);
  raw_client silent(s.server.port());
  raw_client busy(s.server.port());
  busy.send(hold);
  auto held = s.app.take_held(1);
  raw_client half(s.server.port());
  half.send("POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
  REQUIRE(eventually([&] { return s.server.counts().bytes_in_flight > 64; }));

  auto drained = std::async(std::launch::async, [&] { s.server.drain(); });
  CHECK(idle.ends());
  CHECK(silent.ends());
  // Each I/O thread has a listening socket of its own, closed in its own time.
  CHECK(eventually([&] {
    try {
      raw_client late(s.server.port());
      return false;
    } catch (const connection_ended&) {
      return true;
    }
  }));
  CHECK_FALSE(busy.readable(50));
  half.send("lo");
  const auto completed = half.read_answer();
  CHECK(completed.body == "5");
  CHECK(completed["connection"] == "close");
  CHECK(half.ends());
  held.at(0)(ok("done"));
  const auto answer = busy.read_answer();
  CHECK(answer.body == "done");
  CHECK(answer["connection"] == "close");
  CHECK(busy.ends());
  drained.get();
  CHECK(s.server.counts().connections == 0);
}

TEST_CASE("what comes on a kept connection while the node drains is answered, and then the connection ends") {
  auto settings = test_settings();
  settings.drain_idle = milliseconds(60'000);
  settings.drain_timeout = milliseconds(60'000);
  serving s(settings);
  raw_client kept(s.server.port());
  kept.send(get);
  CHECK(kept.read_answer().status == 200);
  raw_client fresh(s.server.port()); // has said nothing yet
  CHECK(eventually([&] { return s.server.counts().connections == 2; }));
  auto drained = std::async(std::launch::async, [&] { s.server.drain(); });
  CHECK(eventually([&] {
    try {
      raw_client late(s.server.port());
      return false;
    } catch (const connection_ended&) {
      return true; // it takes no new ones: the drain has begun
    }
  }));
  for (auto* each : {&kept, &fresh}) {
    each->send(get);
    const auto answer = each->read_answer();
    CHECK(answer.status == 200);
    CHECK(answer["connection"] == "close");
    CHECK(each->ends());
  }
  drained.get();
}

TEST_CASE("a kept connection ends when a drain has waited long enough for it") {
  auto settings = test_settings();
  settings.drain_idle = milliseconds(50);
  serving s(settings);
  raw_client idle(s.server.port());
  idle.send(get);
  CHECK(idle.read_answer().status == 200);
  s.server.drain();
  CHECK(idle.ends());
}

TEST_CASE("a drain with nothing to do returns at once, and so does a second") {
  serving s(test_settings());
  s.server.drain();
  s.server.drain();
}

TEST_CASE("a drain ends at its deadline") {
  auto settings = test_settings();
  settings.drain_timeout = milliseconds(100);
  serving s(settings);
  raw_client busy(s.server.port());
  busy.send(hold);
  auto held = s.app.take_held(1);
  s.server.drain();
  CHECK(busy.ends());
}

TEST_CASE("a stop ends a drain that waits") {
  serving s(test_settings());
  raw_client busy(s.server.port());
  busy.send(hold);
  auto held = s.app.take_held(1);
  raw_client idle(s.server.port());
  idle.send(get);
  CHECK(idle.read_answer().status == 200);
  auto drained = std::async(std::launch::async, [&] { s.server.drain(); });
  CHECK(idle.ends());
  s.server.stop();
  drained.get();
  CHECK(busy.ends());
}

TEST_CASE("a stop under load neither hangs nor leaks") {
  for (int round = 0; round < 20; ++round) {
    auto settings = test_settings();
    settings.io_threads = 2;
    serving s(settings);
    std::vector<raw_client> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(s.server.port());
      clients.back().send(i % 4 == 0 ? hold : i % 4 == 1 ? get : i % 4 == 2 ? get.substr(0, 9) : hold.substr(0, hold.size() - 1));
    }
    auto held = s.app.take_held(1);
    auto answering = std::async(std::launch::async, [&] {
      for (auto& each : held)
        each(ok());
    });
    s.server.stop();
    answering.get();
    CHECK(s.server.counts().connections == 0);
    CHECK(s.server.counts().requests_in_flight == 0);
    CHECK(s.server.counts().bytes_in_flight == 0);
  }
}
