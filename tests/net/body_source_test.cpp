#include "tests/net/raw_client.hpp"
#include "tests/net/test_application.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <memory>
#include <thread>

using namespace ingot;
using namespace ingot::testing;

namespace {

constexpr std::string_view hold = "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view get = "GET /get HTTP/1.1\r\nHost: x\r\n\r\n";

/// What a test sees of a source after the server has it.
struct watched {
  std::atomic<std::size_t> asked{0};
  std::atomic<bool> alive{true};
};

/// Gives pieces of that size, over and over.
class pieces : public http::body_source {
public:
  pieces(std::shared_ptr<watched> w, std::size_t size) : watched_{std::move(w)}, size_{size} {}
  ~pieces() override { watched_->alive = false; }

  void next(http::responder to) override {
    const auto letter = static_cast<char>('a' + watched_->asked++ % 26);
    give(std::move(to), ok(std::string(size_, letter)));
  }

protected:
  virtual void give(http::responder to, http::response what) { to(std::move(what)); }

private:
  std::shared_ptr<watched> watched_;
  std::size_t size_;
};

/// Likewise, each piece from another thread.
class pieces_of_threads final : public pieces {
public:
  using pieces::pieces;
  ~pieces_of_threads() override {
    for (auto& x : threads_)
      x.join();
  }

private:
  void give(http::responder to, http::response what) override {
    threads_.emplace_back([to = std::move(to), what = std::move(what)]() mutable { to(std::move(what)); });
  }
  std::vector<std::thread> threads_;
};

/// Gives some pieces, then drops who asks.
class failing final : public pieces {
public:
  using pieces::pieces;

private:
  void give(http::responder to, http::response what) override {
    if (++given_ < 3)
      to(std::move(what));
  }
  int given_ = 0;
};

/// Gives two pieces, then an empty one.
class ending final : public pieces {
public:
  using pieces::pieces;

private:
  void give(http::responder to, http::response what) override { to(++given_ < 3 ? std::move(what) : http::response{}); }
  int given_ = 0;
};

/// Lets who asks wait for ever.
class silent final : public http::body_source {
public:
  void next(http::responder to) override { waiting_.push_back(std::move(to)); }

private:
  std::vector<http::responder> waiting_;
};

http::response answer_of(std::shared_ptr<http::body_source> source, std::uint64_t bytes) {
  auto out = http::response{};
  out.source = std::move(source);
  out.source_bytes = bytes;
  return out;
}

/// Asks, and answers with what `make` makes.
raw_client ask(serving& s, http::response answer, std::string_view request = hold) {
  auto client = raw_client{s.server.port()};
  client.send(request);
  s.app.take_held(1).front()(std::move(answer));
  return client;
}

} // namespace

TEST_CASE("a body that is given in pieces arrives whole, and the connection goes on") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<pieces>(w, 1'000), 26'000));
  const auto answer = client.read_answer();
  CHECK(answer["content-length"] == "26000");
  CHECK(answer.body.size() == 26'000);
  CHECK(answer.body.substr(999, 2) == "ab");
  CHECK(answer.body.substr(25'000) == std::string(1'000, 'z'));
  CHECK(w->asked == 26);
  client.send(get);
  CHECK(client.read_answer().status == 200);
  CHECK(eventually([&] { return !w->alive; }));
  CHECK(s.server.counts().requests_in_flight == 0);
}

TEST_CASE("pieces may come from other threads") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<pieces_of_threads>(w, 100'000), 5'000'000));
  const auto answer = client.read_answer();
  CHECK(answer.body.size() == 5'000'000);
  CHECK(answer.body[4'900'000] == static_cast<char>('a' + 49 % 26));
  CHECK(s.refusals.lines().empty());
}

TEST_CASE("an empty body needs no piece, and neither does the answer to HEAD") {
  auto s = serving{test_settings()};
  const auto none = std::make_shared<watched>(), head = std::make_shared<watched>();
  auto empty = ask(s, answer_of(std::make_shared<pieces>(none, 10), 0));
  CHECK(empty.read_answer()["content-length"] == "0");
  CHECK(none->asked == 0);
  auto asked = raw_client{s.server.port()};
  s.app.stream_of_head = answer_of(std::make_shared<pieces>(head, 10), 1'000);
  asked.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(asked.read_answer(true)["content-length"] == "1000");
  CHECK(head->asked == 0);
  asked.send(get);
  CHECK(asked.read_answer().status == 200);
}

TEST_CASE("requests that are pipelined behind a body in pieces are answered after it") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<pieces_of_threads>(w, 70'000), 700'000), std::string{hold} + std::string{get});
  CHECK(client.read_answer().body.size() == 700'000);
  CHECK(client.read_answer().body == "{}");
}

TEST_CASE("a peer that reads nothing is given no more than the sockets hold, and is cut") {
  auto settings = test_settings();
  settings.write_timeout = milliseconds{200};
  settings.body_bytes_per_second_min = 1'000'000;
  auto s = serving{settings};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<pieces>(w, 65'536), 65'536ull * 100'000));
  REQUIRE(s.refusals.wait_for(fault::request_timeout));
  CHECK(eventually([&] { return !w->alive; }));
  CHECK(w->asked < 1'000);
  CHECK(eventually([&] { return s.server.counts().requests_in_flight == 0; }));
}

TEST_CASE("a body of unknown length goes out as it comes, and ends with its connection") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<ending>(w, 1'000), http::unknown_length));
  const auto answer = client.read_rest();
  CHECK(answer.find("Content-Length") == std::string::npos);
  CHECK(answer.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(answer.size() - answer.find("\r\n\r\n") == 4 + 2 * (5 + 1'000 + 2) + 5);
  CHECK(answer.ends_with("\r\n0\r\n\r\n"));
  CHECK(w->asked == 3);
  CHECK(s.refusals.lines().empty());
  CHECK(eventually([&] { return !w->alive && s.server.counts().requests_in_flight == 0; }));
}

TEST_CASE("a client of HTTP/1.0 gets a body of unknown length without chunks") {
  auto s = serving{test_settings()};
  s.app.stream_of_head = answer_of(std::make_shared<ending>(std::make_shared<watched>(), 1'000), http::unknown_length);
  auto client = raw_client{s.server.port()};
  client.send("GET /stream HTTP/1.0\r\nHost: x\r\n\r\n");
  const auto answer = client.read_rest();
  CHECK(answer.find("Transfer-Encoding") == std::string::npos);
  CHECK(answer.size() - answer.find("\r\n\r\n") == 4 + 2'000);
}

TEST_CASE("a source that fails cuts the connection, so that nobody takes the part for the whole") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  SECTION("by dropping who asks") {
    auto client = ask(s, answer_of(std::make_shared<failing>(w, 1'000), 26'000));
    CHECK_THROWS_AS(client.read_answer(), connection_ended);
  }
  SECTION("by an empty piece") {
    auto client = ask(s, answer_of(std::make_shared<pieces>(w, 0), 26'000));
    CHECK_THROWS_AS(client.read_answer(), connection_ended);
  }
  SECTION("before the end of what nobody knew the length of") {
    auto client = ask(s, answer_of(std::make_shared<failing>(w, 1'000), http::unknown_length));
    CHECK(!client.read_rest().ends_with("0\r\n\r\n"));
  }
  SECTION("by more than it announced") {
    auto client = ask(s, answer_of(std::make_shared<pieces>(w, 1'000), 1'500));
    CHECK_THROWS_AS(client.read_answer(), connection_ended);
  }
  CHECK(s.refusals.wait_for(fault::internal));
  CHECK(eventually([&] { return !w->alive && s.server.counts().connections == 0; }));
}

TEST_CASE("a peer that leaves within a body in pieces frees its source") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  {
    auto client = ask(s, answer_of(std::make_shared<pieces>(w, 65'536), 65'536ull * 1'000'000));
    CHECK(eventually([&] { return w->asked > 2; }));
  }
  CHECK(eventually([&] { return !w->alive && s.server.counts().requests_in_flight == 0; }));
}

TEST_CASE("a drain waits for a body in pieces, and ends the connection behind it") {
  auto s = serving{test_settings()};
  const auto w = std::make_shared<watched>();
  auto client = ask(s, answer_of(std::make_shared<pieces_of_threads>(w, 100'000), 20'000'000));
  CHECK(eventually([&] { return w->asked > 0; }));
  auto drain = std::thread{[&] { s.server.drain(); }};
  const auto answer = client.read_answer();
  CHECK(answer.body.size() == 20'000'000);
  CHECK(client.ends());
  drain.join();
}

TEST_CASE("a server that stops does not wait for a source that is silent") {
  auto s = serving{test_settings()};
  auto client = ask(s, answer_of(std::make_shared<silent>(), 10));
  s.server.stop();
  CHECK_THROWS_AS(client.read_answer(), connection_ended);
  CHECK(s.server.counts().connections == 0);
}
