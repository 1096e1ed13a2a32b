#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::testing;

namespace {

constexpr std::string_view get = "GET /get HTTP/1.1\r\nHost: x\r\n\r\n";

} // namespace

TEST_CASE("a head that does not end is cut, even when a byte comes now and then") {
  auto settings = test_settings();
  settings.head_timeout = milliseconds(200);
  serving s(settings);
  raw_client silent(s.server.port());
  silent.send("GET /get HT");
  raw_client dripping(s.server.port());
  dripping.send("GET /get HTTP/1.1\r\nHost: x\r\nX-A: ");
  while (!dripping.readable(20))
    dripping.send("a");
  CHECK(dripping.read_answer().status == 408);
  CHECK(dripping.ends());
  const auto answer = silent.read_answer();
  CHECK(answer.status == 408);
  CHECK(answer["connection"] == "close");
  CHECK(silent.ends());
  CHECK(s.refusals.wait_for(fault::request_timeout, 2));
}

TEST_CASE("a connection that says nothing ends without an answer") {
  auto settings = test_settings();
  settings.head_timeout = milliseconds(100);
  serving s(settings);
  raw_client client(s.server.port());
  CHECK(client.ends());
  CHECK(s.refusals.lines().empty());
}

TEST_CASE("a connection that has been served ends when it idles") {
  auto settings = test_settings();
  settings.idle_timeout = milliseconds(100);
  serving s(settings);
  raw_client client(s.server.port());
  client.send(get);
  CHECK(client.read_answer().status == 200);
  CHECK(client.ends());
  CHECK(s.refusals.lines().empty());
}

TEST_CASE("a body below the minimum rate is cut, whatever its framing and however fast it began") {
  auto settings = test_settings();
  settings.body_grace = milliseconds(200);
  settings.body_bytes_per_second_min = 50'000;
  serving s(settings);
  const std::string sized = "POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";
  const std::string chunked = "POST /post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n";
  for (const auto& start : {sized, sized + std::string(1'000'000, 'x'), chunked, chunked + std::string(500'000, 'x')}) {
    raw_client client(s.server.port());
    client.send(start);
    while (!client.readable(20))
      client.send("a");
    CHECK(client.read_answer().status == 408);
    CHECK(client.ends());
  }
  CHECK(s.refusals.wait_for(fault::request_timeout, 4));
  CHECK(s.app.seen().empty());
  CHECK(eventually([&] { return s.server.counts().bytes_in_flight == 0 && s.server.counts().requests_in_flight == 0; }));
}

TEST_CASE("a body above the minimum rate may take many graces") {
  auto settings = test_settings();
  settings.body_grace = milliseconds(100);
  settings.body_bytes_per_second_min = 1;
  serving s(settings);
  raw_client client(s.server.port());
  client.send("POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(client.readable(30));
    client.send("a");
  }
  CHECK(client.read_answer().status == 200);
}

TEST_CASE("an answer that nobody reads is given up") {
  auto settings = test_settings();
  settings.write_timeout = milliseconds(200);
  settings.body_bytes_per_second_min = 1'000'000'000;
  serving s(settings);
  raw_client client(s.server.port());
  client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(s.refusals.wait_for(fault::request_timeout));
  CHECK(eventually([&] { return s.server.counts().connections == 0; }));
}

TEST_CASE("a large answer arrives whole") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_rest().size() > 32'000'000);
}

TEST_CASE("a request that the application thinks about for long is not cut") {
  auto settings = test_settings();
  settings.head_timeout = settings.idle_timeout = settings.body_grace = settings.write_timeout = milliseconds(50);
  serving s(settings);
  raw_client client(s.server.port());
  client.send("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  auto held = s.app.take_held(1);
  CHECK_FALSE(client.readable(400));
  held.at(0)(ok());
  CHECK(client.read_answer().status == 200);
}
