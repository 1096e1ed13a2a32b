#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <optional>
#include <set>
#include <system_error>

using namespace ingot;
using namespace ingot::testing;

namespace {

constexpr std::string_view get = "GET /get HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string chunked(std::string_view path, std::string_view body, std::size_t chunk) {
  std::string out = "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  while (!body.empty()) {
    const auto piece = body.substr(0, chunk);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    out += size;
    out += piece;
    out += "\r\n";
    body.remove_prefix(piece.size());
  }
  return out + "0\r\n\r\n";
}

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>((i * 2654435761u) >> 13);
  return out;
}

} // namespace

TEST_CASE("a connection serves one request after another") {
  serving s(test_settings());
  raw_client client(s.server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(get);
    const auto answer = client.read_answer();
    CHECK(answer.status == 200);
    CHECK(answer.body == "{}");
    CHECK(answer["content-type"] == "application/json");
    CHECK(answer["date"].ends_with(" GMT"));
    CHECK_FALSE(answer["x-request-id"].empty());
    CHECK(answer["connection"].empty());
  }
  client.send("GET /get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_answer()["connection"] == "close");
  CHECK(client.ends());
}

TEST_CASE("the application gets head and body as they were sent") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send("POST /post?q=1 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello");
  const auto answer = client.read_answer();
  const auto seen = s.app.seen().at(0);
  CHECK(seen.head.method == "POST");
  CHECK(seen.head.path == "/post");
  CHECK(seen.head.query == "q=1");
  CHECK(seen.head["x-a"] == "1, 2");
  CHECK(seen.head.remote_address == "127.0.0.1");
  CHECK(seen.head.request_id == answer["x-request-id"]);
  CHECK(seen.body == "hello");
}

TEST_CASE("bodies of any size and framing come whole") {
  serving s(test_settings());
  raw_client client(s.server.port());
  std::vector<std::string> bodies;
  for (const std::size_t size : {0u, 1u, 15u, 16u, 1000u, 15'000u, 24'576u, 65'535u, 65'536u, 65'537u, 300'000u, 5'000'000u}) {
    bodies.push_back(pattern(size));
    client.send(post("/post", bodies.back()));
    CHECK(client.read_answer().body == std::to_string(size));
    for (const std::size_t chunk : {7u, 1000u, 70'000u}) {
      if (size > 1000 * chunk)
        continue;
      bodies.push_back(pattern(size));
      client.send(chunked("/post", bodies.back(), chunk));
      CHECK(client.read_answer().body == std::to_string(size));
    }
  }
  const auto seen = s.app.seen();
  REQUIRE(seen.size() == bodies.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK((seen[i].body == bodies[i])); // in brackets: Catch would print megabytes
  CHECK(eventually([&] { return s.server.counts().bytes_in_flight == 0; }));
}

namespace {

/// Notes whether a body has simdjson's padding behind it.
struct padding_probe final : http::application {
  http::admission admit(const http::request_head&) override {
    http::admission yes;
    yes.body_bytes_max = 10'000'000;
    return yes;
  }
  void handle(http::request req, http::responder done) override {
    done(ok(req.body.capacity() >= req.body.size() + 64 ? "padded" : "bare"));
  }
};

} // namespace

TEST_CASE("every body has 64 bytes of room behind it") {
  padding_probe app;
  http::server server(test_settings(), app);
  server.start();
  raw_client client(server.port());
  for (const std::size_t size : {0u, 1u, 100u, 65'536u, 70'000u, 1'000'000u}) {
    client.send(post("/", pattern(size)));
    CHECK(client.read_answer().body == "padded");
    client.send(chunked("/", pattern(size), 30'000));
    CHECK(client.read_answer().body == "padded");
  }
}

TEST_CASE("pipelined requests are answered in order") {
  serving s(test_settings());
  raw_client client(s.server.port());
  std::string all;
  for (std::size_t i = 0; i < 200; ++i) {
    all += i % 3 == 0 ? post("/thread", pattern(i)) : i % 3 == 1 ? chunked("/post", pattern(i), 10) : post("/post", pattern(i));
    if (i % 10 == 0)
      all += get;
  }
  client.send(all);
  for (std::size_t i = 0; i < 200; ++i) {
    CHECK(client.read_answer().body == std::to_string(i));
    if (i % 10 == 0)
      CHECK(client.read_answer().body == "{}");
  }
}

TEST_CASE("a request that comes byte by byte is served") {
  serving s(test_settings());
  raw_client client(s.server.port());
  for (const auto& request : {std::string(get), post("/post", "hello"), chunked("/post", "hello", 2)}) {
    for (const char c : request)
      client.send({&c, 1});
    CHECK(client.read_answer().status == 200);
  }
}

TEST_CASE("HEAD is GET without the body") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send("HEAD /get HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(get));
  const auto answer = client.read_answer(true);
  CHECK(answer.status == 200);
  CHECK(answer["content-length"] == "2");
  CHECK(client.read_answer().body == "{}");
}

TEST_CASE("an interim 100 is sent only when the body is wanted and has not come") {
  serving s(test_settings());
  raw_client client(s.server.port());
  const std::string head = " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  client.send("POST /post" + head);
  CHECK(client.read_answer().status == 100);
  client.send("hello");
  CHECK(client.read_answer().body == "5");
  client.send("POST /post" + head + "hello");
  CHECK(client.read_answer().status == 200);
  client.send("POST /refuse" + head);
  CHECK(client.read_answer().status == 401);
  CHECK(client.ends());
}

TEST_CASE("trailers never join the head") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send(
      "POST /post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nAuthorization: b\r\nX-A: c\r\n\r\n");
  CHECK(client.read_answer().status == 200);
  const auto seen = s.app.seen().at(0);
  CHECK_FALSE(seen.head.has("authorization"));
  CHECK_FALSE(seen.head.has("x-a"));
}

TEST_CASE("a refusal before the body keeps the connection only when the body is here") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send(post("/refuse", "hello") + std::string(get));
  CHECK(client.read_answer().status == 401);
  CHECK(client.read_answer().status == 200);
  client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
  CHECK(client.read_answer()["connection"] == "close");
  CHECK(client.ends());
}

TEST_CASE("a framing refusal is JSON with a request id, and reported") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send("GET /get HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + std::string(100'000, 'x'));
  const auto answer = client.read_answer();
  CHECK(answer.status == 400);
  CHECK(answer.body.find("\"code\":\"bad_request_framing\"") != std::string::npos);
  CHECK(answer.body.find("\"request_id\":\"" + answer["x-request-id"] + "\"") != std::string::npos);
  CHECK(client.ends());
  CHECK(s.refusals.wait_for(fault::bad_request_framing));
}

TEST_CASE("a responder answers from another thread") {
  serving s(test_settings());
  raw_client client(s.server.port());
  for (int i = 0; i < 20; ++i) {
    client.send(post("/thread", "abc"));
    CHECK(client.read_answer().body == "3");
  }
}

TEST_CASE("many answers from other threads find their connections") {
  auto settings = test_settings();
  settings.io_threads = 2;
  serving s(settings);
  std::vector<raw_client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(s.server.port());
    clients.back().send(post("/hold", "x"));
  }
  auto held = s.app.take_held(50);
  const auto seen = s.app.seen();
  for (std::size_t i = 0; i < held.size(); ++i)
    held[i](ok(seen[i].head.request_id));
  std::set<std::string> ids;
  for (auto& client : clients) {
    const auto answer = client.read_answer();
    CHECK(answer.body == answer["x-request-id"]);
    ids.insert(answer.body);
  }
  CHECK(ids.size() == 50);
}

TEST_CASE("a responder that dies unanswered answers 503 by itself") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send(post("/drop", "x"));
  const auto answer = client.read_answer();
  CHECK(answer.status == 503);
  CHECK(answer["retry-after"] == "1");
  CHECK(answer.body.find("\"lost\"") != std::string::npos);
  client.send(post("/hold", "x"));
  s.app.take_held(1).clear();
  CHECK(client.read_answer().status == 503);
  client.send(get);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE("an application that throws is a 500, and the connection lives") {
  serving s(test_settings());
  raw_client client(s.server.port());
  client.send(post("/throw", "x"));
  CHECK(client.read_answer().status == 500);
  CHECK(s.refusals.wait_for(fault::internal));
  client.send(get);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE("an answer that comes too late goes nowhere") {
  std::vector<http::responder> late;
  {
    serving s(test_settings());
    {
      raw_client gone(s.server.port());
      gone.send(post("/hold", "x"));
      late = s.app.take_held(1);
    }
    raw_client client(s.server.port());
    client.send(post("/hold", "y"));
    auto held = s.app.take_held(1);
    late.at(0)(ok("for the one that left"));
    held.at(0)(ok("for me"));
    CHECK(client.read_answer().body == "for me");
    client.send(post("/hold", "z"));
    late = s.app.take_held(1);
  }
  late.at(0)(ok("the server is gone"));
}

TEST_CASE("each answer is reported with its head, status, fault and time") {
  test_application app;
  http::server server(test_settings(), app);
  std::mutex mutex;
  std::map<std::string, std::pair<unsigned, fault>> reported;
  server.on_answer = [&](const http::request_head& head, unsigned status, fault why, double seconds) {
    const std::lock_guard lock(mutex);
    if (seconds >= 0 && !head.request_id.empty())
      reported[head.method + " " + head.path] = {status, why};
  };
  server.start();
  raw_client client(server.port());
  client.send(std::string(get) + "GET /none HTTP/1.1\r\nHost: x\r\n\r\n" + post("/post", "x"));
  for (int i = 0; i < 3; ++i)
    client.read_answer();
  CHECK(eventually([&] {
    const std::lock_guard lock(mutex);
    return reported == std::map<std::string, std::pair<unsigned, fault>>{{"GET /get", {200, fault::none}},
                                                                         {"GET /none", {404, fault::not_found}},
                                                                         {"POST /post", {200, fault::none}}};
  }));
}

TEST_CASE("an address that is taken is refused, also with several threads") {
  for (const unsigned threads : {1u, 2u}) {
    auto settings = test_settings();
    settings.io_threads = threads;
    serving first(settings);
    settings.port = first.server.port();
    for (const unsigned other : {1u, 2u}) {
      settings.io_threads = other;
      CHECK_THROWS_AS(http::server(settings, first.app), std::system_error);
    }
  }
}

TEST_CASE("two I/O threads share the connections") {
  auto settings = test_settings();
  settings.io_threads = 2;
  serving s(settings);
  std::set<std::string> prefixes; // the first half of a request id tells its thread
  for (int i = 0; i < 64; ++i) {
    raw_client client(s.server.port());
    client.send(get);
    prefixes.insert(client.read_answer()["x-request-id"].substr(0, 8));
  }
  CHECK(prefixes.size() == 2);
}

TEST_CASE("a server may be stopped before it started, twice, and while it is busy") {
  test_application app;
  { http::server never(test_settings(), app); }
  http::server server(test_settings(), app);
  server.start();
  raw_client client(server.port());
  client.send(post("/hold", "x"));
  auto held = app.take_held(1);
  raw_client half(server.port());
  half.send("GET /ge");
  server.stop();
  server.stop();
  CHECK(client.ends());
  CHECK(half.ends());
  CHECK(server.counts().connections == 0);
  CHECK(server.counts().requests_in_flight == 0);
}
