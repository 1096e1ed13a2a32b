#include "model/contents/provider.hpp"
#include "net/github/client.hpp"
#include "tests/net/github/scripted_server.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using ingot::contents::provider_error;
using ingot::contents::trouble;

namespace {

constexpr auto token = "ghs_a_token_that_nobody_may_see";

github_api_settings settings_for(const std::string& url) {
  auto out = github_api_settings{};
  out.url = url;
  out.timeout = std::chrono::milliseconds{60'000};
  out.connections_max = 4;
  return out;
}

http_call get(const std::string& url) {
  auto out = http_call{};
  out.url = url;
  out.token = token;
  return out;
}

/// What performing `x` ends with. Never names the token.
std::optional<trouble> trouble_of(client& by, const http_call& x) {
  try {
    by.perform(x);
    return std::nullopt;
  } catch (const provider_error& e) {
    UNSCOPED_INFO(e.what());
    CHECK(std::string{e.what()}.find(token) == std::string::npos);
    CHECK(std::string{e.what()}.find("secret=") == std::string::npos);
    return e.kind();
  }
}

std::string chunked(const std::vector<std::string>& pieces) {
  auto out = std::string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
  for (const auto& x : pieces) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", x.size());
    out += size + x + "\r\n";
  }
  return out + "0\r\n\r\n";
}

} // namespace

TEST_CASE("an answer has its status, its headers in lower case, its body and the bytes that came") {
  auto server =
      scripted_server{[](const auto&) { return plain_answer(200, "hello", "X-RateLimit-Limit: 60\r\nETag: \"a\"\r\n"); }};
  auto by = client{settings_for(server.url() + "/api/v3/")};
  auto x = get("/repos/a/b?x=1");
  x.headers = {{"accept", "text/x"}};
  const auto got = by.perform(x);
  CHECK(got.status == 200);
  CHECK(got.body == "hello");
  CHECK(got["x-ratelimit-limit"] == "60");
  CHECK(got["etag"] == "\"a\"");
  CHECK(got["absent"].empty());
  CHECK(got.redirects == 0);
  CHECK(got.url == server.url() + "/api/v3/repos/a/b?x=1");
  CHECK(got.bytes == plain_answer(200, "hello", "X-RateLimit-Limit: 60\r\nETag: \"a\"\r\n").bytes.size());
  const auto sent = server.requests().at(0);
  CHECK(sent.line() == "GET /api/v3/repos/a/b?x=1 HTTP/1.1");
  CHECK(sent.has("accept: text/x\r\n"));
  CHECK(sent.has("authorization: Bearer " + std::string{token} + "\r\n"));
  CHECK(sent.has("accept-encoding: gzip\r\n"));
  CHECK(sent.has("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
}

TEST_CASE("a connection is kept and used again") {
  auto server = scripted_server{[](const auto&) { return plain_answer(200, "x"); }};
  auto by = client{settings_for(server.url())};
  for (auto i = 0; i < 5; ++i)
    CHECK(by.perform(get("/")).status == 200);
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection that the server ends after its answer is not used again") {
  auto server = scripted_server{[](const auto&) { return plain_answer(200, "x", "Connection: close\r\n"); }};
  auto by = client{settings_for(server.url())};
  for (auto i = 0; i < 3; ++i)
    CHECK(by.perform(get("/")).status == 200);
  CHECK(server.connections() == 3);
}

TEST_CASE("a GET on a kept connection that is closed unanswered is repeated once on a new one") {
  auto server = scripted_server{[](const scripted_request& x) {
    auto out = plain_answer(200, std::to_string(x.connection));
    if (x.connection == 1 && x.has("/second"))
      out = {{}, 0, true, false};
    return out;
  }};
  auto by = client{settings_for(server.url())};
  CHECK(by.perform(get("/first")).body == "1");
  CHECK(by.perform(get("/second")).body == "2");
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a POST is repeated only when it says that it does no harm") {
  auto server = scripted_server{[](const scripted_request& x) {
    return x.has("/first") || x.connection > 1 ? plain_answer(200, "x") : scripted_answer{{}, 0, true, false};
  }};
  auto by = client{settings_for(server.url())};
  auto x = get("/second");
  x.method = "POST";
  x.body = "{}";
  by.perform(get("/first"));
  CHECK(trouble_of(by, x) == trouble::transient);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a POST that may be repeated is") {
  auto server = scripted_server{[](const scripted_request& x) {
    return x.has("/first") || x.connection > 1 ? plain_answer(200, "x") : scripted_answer{{}, 0, true, false};
  }};
  auto by = client{settings_for(server.url())};
  auto x = get("/second");
  x.method = "POST";
  x.body = "{}";
  x.repeatable = true;
  by.perform(get("/first"));
  CHECK(by.perform(x).status == 200);
  CHECK(server.requests().at(2).body == "{}");
}

TEST_CASE("a server that closes every connection unanswered is asked once on a new one, and is transient") {
  auto server = scripted_server{[](const auto&) { return scripted_answer{{}, 0, true, false}; }};
  auto by = client{settings_for(server.url())};
  CHECK(trouble_of(by, get("/?secret=x")) == trouble::transient);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("an answer that ends before its end is transient, however far it came") {
  for (const auto* bytes : {"HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "SSH-2.0-nothing\r\n"}) {
    auto server = scripted_server{[&](const auto&) { return scripted_answer{bytes, 0, true, false}; }};
    auto by = client{settings_for(server.url())};
    INFO(bytes);
    CHECK(trouble_of(by, get("/?secret=x")) == trouble::transient);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("law 5: silence ends a request after the timeout, before its answer and within it") {
  for (const auto* bytes : {"", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"}) {
    auto server = scripted_server{[&](const auto&) { return scripted_answer{bytes, 0, false, true}; }};
    auto by = client{settings_for(server.url())};
    auto x = get("/");
    x.timeout = std::chrono::milliseconds{50};
    CHECK(trouble_of(by, x) == trouble::transient);
  }
}

TEST_CASE("nobody listens, and no such name: transient") {
  auto port = std::uint16_t{0};
  {
    const auto gone = scripted_server{[](const auto&) { return plain_answer(200, ""); }};
    port = gone.port();
  }
  auto by = client{settings_for("http://127.0.0.1:" + std::to_string(port))};
  CHECK(trouble_of(by, get("/?secret=x")) == trouble::transient);
}

TEST_CASE("chunked bodies, interim answers and bodies that the connection's end ends are read") {
  auto server = scripted_server{[](const scripted_request& x) -> scripted_answer {
    if (x.has("/chunked"))
      return {chunked({"one", std::string(100'000, '2'), "three"}), 0, false, false};
    if (x.has("/interim"))
      return {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + plain_answer(200, "then").bytes, 0, false, false};
    return {"HTTP/1.1 200 OK\r\n\r\nto the end", 0, true, false};
  }};
  auto by = client{settings_for(server.url())};
  CHECK(by.perform(get("/chunked")).body == "one" + std::string(100'000, '2') + "three");
  CHECK(by.perform(get("/interim")).body == "then");
  CHECK(by.perform(get("/end")).body == "to the end");
}

TEST_CASE("gzip is undone, in several members and in odd pieces too") {
  const auto text = std::string(300'000, 'a') + "end";
  auto server = scripted_server{[&](const scripted_request& x) {
    auto packed = gzipped(text);
    if (x.has("/members"))
      packed += gzipped("more");
    if (x.has("/cut"))
      packed.resize(packed.size() - 4);
    if (x.has("/damaged"))
      packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    if (x.has("/empty"))
      packed.clear();
    return plain_answer(200, packed, "Content-Encoding: gzip\r\n");
  }};
  auto by = client{settings_for(server.url())};
  const auto got = by.perform(get("/"));
  CHECK(got.body == text);
  CHECK(got.bytes < 2'000);
  CHECK(by.perform(get("/members")).body == text + "more");
  CHECK(by.perform(get("/empty")).body.empty());
  CHECK(trouble_of(by, get("/cut")) == trouble::transient);
  CHECK(trouble_of(by, get("/damaged")) == trouble::transient);
}

TEST_CASE("law 5: a small body that unpacks to a huge one is stopped at the limit") {
  const auto bomb = gzipped(std::string(50'000'000, '\0'));
  auto server = scripted_server{[&](const auto&) { return plain_answer(200, bomb, "Content-Encoding: gzip\r\n"); }};
  auto by = client{settings_for(server.url())};
  auto x = get("/");
  x.body_bytes_max = 1'000'000;
  CHECK(trouble_of(by, x) == trouble::permanent);
}

TEST_CASE("law 5: an endless body and an endless head are stopped at their limits") {
  auto server = scripted_server{[](const scripted_request& x) -> scripted_answer {
    if (x.has("/head"))
      return {"HTTP/1.1 200 OK\r\nX: ", 1'000'000'000, true, false};
    return {"HTTP/1.1 200 OK\r\n\r\n", 1'000'000'000, true, false};
  }};
  auto by = client{settings_for(server.url())};
  auto x = get("/");
  x.body_bytes_max = 1'000'000;
  CHECK(trouble_of(by, x) == trouble::permanent);
  x.url = "/head";
  CHECK(trouble_of(by, x) == trouble::transient);
  CHECK(server.bytes_sent() < 100'000'000);
}

TEST_CASE("a coding that nobody asked for is permanent, and the call's own wish is kept") {
  auto server = scripted_server{[](const auto&) { return plain_answer(200, "x", "Content-Encoding: br\r\n"); }};
  auto by = client{settings_for(server.url())};
  auto x = get("/");
  x.headers = {{"accept-encoding", "identity"}};
  CHECK(trouble_of(by, x) == trouble::permanent);
  CHECK(server.requests().at(0).has("accept-encoding: identity\r\n"));
  CHECK_FALSE(server.requests().at(0).has("gzip"));
}

TEST_CASE("law 5: a body that streams is not read ahead of the one who takes it") {
  constexpr auto size = std::uint64_t{96} * 1024 * 1024;
  auto server = scripted_server{[](const auto&) {
    return scripted_answer{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n", size, false, false};
  }};
  auto by = client{settings_for(server.url())};
  auto x = get("/");
  auto came = std::uint64_t{0}, ahead_max = std::uint64_t{0};
  auto piece_max = std::size_t{0};
  x.into = [&](std::string_view piece) {
    // What lies in the sockets' buffers is all that may be ahead. The server is given the time to fill them.
    while (came == 0 && server.bytes_sent() < 1'000'000)
      std::this_thread::yield();
    came += piece.size();
    piece_max = std::max(piece_max, piece.size());
    ahead_max = std::max(ahead_max, server.bytes_sent() - came);
  };
  CHECK(by.perform(x).body.empty());
  CHECK(came == size);
  CHECK(piece_max <= 64 * 1024);
  CHECK(ahead_max < size / 2);
}

TEST_CASE("only a 200 streams, and what the one who takes it throws ends the request") {
  auto server = scripted_server{[](const scripted_request& x) { return plain_answer(x.has("/gone") ? 404 : 200, "body"); }};
  auto by = client{settings_for(server.url())};
  auto x = get("/gone");
  auto streamed = std::string{};
  x.into = [&](std::string_view piece) { streamed += piece; };
  CHECK(by.perform(x).body == "body");
  CHECK(streamed.empty());
  x.url = "/";
  x.into = [](std::string_view) { throw std::domain_error{"full"}; };
  CHECK_THROWS_AS(by.perform(x), std::domain_error);
  CHECK(by.perform(get("/")).status == 200);
}

TEST_CASE("law 9: a redirect to another place is followed without the token") {
  auto other = scripted_server{[](const auto&) { return plain_answer(200, "archive"); }};
  auto server =
      scripted_server{[&](const auto&) { return plain_answer(302, "", "Location: " + other.url() + "/tar?secret=1\r\n"); }};
  auto by = client{settings_for(server.url())};
  auto call = get("/tarball");
  call.headers.emplace_back("x-key", "opens the first place");
  const auto got = by.perform(call);
  CHECK(got.body == "archive");
  CHECK(got.redirects == 1);
  CHECK(got.url == other.url() + "/tar?secret=1");
  CHECK(server.requests().at(0).has(token));
  REQUIRE(other.requests().size() == 1);
  CHECK_FALSE(other.requests().at(0).has(token));
  CHECK_FALSE(other.requests().at(0).has("uthorization"));
  CHECK(server.requests().at(0).has("opens the first place"));
  CHECK_FALSE(other.requests().at(0).has("opens the first place"));
}

TEST_CASE("a redirect within the same place keeps the token, and is given back to who wants a permit first") {
  auto server = scripted_server{[&](const scripted_request& x) {
    return x.has("/repositories/7") ? plain_answer(200, "found") : plain_answer(301, "{}", "Location: /repositories/7\r\n");
  }};
  auto by = client{settings_for(server.url())};
  CHECK(by.perform(get("/repos/a/b")).body == "found");
  CHECK(server.requests().at(1).has(token));
  auto x = get("/repos/a/b");
  x.stay_at_own = true;
  const auto got = by.perform(x);
  CHECK(got.status == 301);
  CHECK(got.redirect == server.url() + "/repositories/7");
}

TEST_CASE("law 5: redirects end after five, and only GET follows them") {
  auto server = scripted_server{[&](const auto&) { return plain_answer(302, "", "Location: /again\r\n"); }};
  auto by = client{settings_for(server.url())};
  CHECK(trouble_of(by, get("/")) == trouble::permanent);
  CHECK(server.requests().size() == 6);
  auto x = get("/");
  x.method = "POST";
  CHECK(by.perform(x).status == 302);
}

TEST_CASE("a redirect to what is no web URL is permanent") {
  auto server = scripted_server{[&](const auto&) { return plain_answer(302, "", "Location: file:///etc/passwd\r\n"); }};
  auto by = client{settings_for(server.url())};
  CHECK(trouble_of(by, get("/")) == trouble::permanent);
}

TEST_CASE("law 9: a token with a line break is refused before anything is sent") {
  auto server = scripted_server{[&](const auto&) { return plain_answer(200, ""); }};
  auto by = client{settings_for(server.url())};
  auto x = get("/");
  x.token = "a\r\nx-evil: 1";
  CHECK(trouble_of(by, x) == trouble::permanent);
  x = get("/");
  x.headers = {{"if-none-match", "\"a\"\r\nx: y"}};
  CHECK(trouble_of(by, x) == trouble::permanent);
  CHECK(server.requests().empty());
}

TEST_CASE("law 5: no more connections to one place than the settings allow, and the others wait their turn") {
  auto busy = std::atomic<unsigned>{0}, busy_max = std::atomic<unsigned>{0};
  auto server = scripted_server{[&](const auto&) {
    const auto now = ++busy;
    for (auto seen = busy_max.load(); seen < now && !busy_max.compare_exchange_weak(seen, now);) {
    }
    for (auto i = 0; i < 20; ++i)
      std::this_thread::yield();
    --busy;
    return plain_answer(200, "x");
  }};
  auto by = client{settings_for(server.url())};
  auto failed = std::atomic<unsigned>{0};
  auto threads = std::vector<std::thread>{};
  for (auto i = 0; i < 12; ++i)
    threads.emplace_back([&] {
      try {
        for (auto n = 0; n < 10; ++n)
          failed += by.perform(get("/")).body == "x" ? 0 : 1;
      } catch (const std::exception&) {
        ++failed;
      }
    });
  for (auto& x : threads)
    x.join();
  CHECK(failed == 0);
  CHECK(busy_max <= 4);
  CHECK(server.connections() <= 4);
  CHECK(server.requests().size() == 120);
}

TEST_CASE("law 5: who waits for a connection longer than the timeout is told so") {
  auto server = scripted_server{[&](const auto&) { return plain_answer(200, "x"); }};
  auto settings = settings_for(server.url());
  settings.connections_max = 1;
  auto by = client{settings};
  auto held = std::atomic<bool>{false}, told = std::atomic<bool>{false};
  auto holder = std::thread{[&] {
    auto x = get("/");
    x.into = [&](std::string_view) {
      held = true;
      held.notify_all();
      told.wait(false);
    };
    by.perform(x);
  }};
  held.wait(false);
  auto x = get("/");
  x.timeout = std::chrono::milliseconds{20};
  CHECK(trouble_of(by, x) == trouble::transient);
  CHECK(server.connections() == 1);
  told = true;
  told.notify_all();
  holder.join();
  CHECK(by.perform(get("/")).status == 200);
}

TEST_CASE("over https a certificate that is trusted and the host's own is answered by") {
  const auto certificate = test_certificate{"DNS:localhost,IP:127.0.0.1"};
  auto server = scripted_server{[](const auto&) { return plain_answer(200, std::string(300'000, 'x')); }, &certificate};
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    auto settings = settings_for(server.url(host));
    settings.trusted_certificate = certificate.certificate();
    auto by = client{settings};
    CHECK(by.perform(get("/")).body.size() == 300'000);
    CHECK(by.perform(get("/")).status == 200);
  }
  CHECK(server.connections() == 2);
}

TEST_CASE("law 9: nothing is sent to a host whose certificate nobody trusts, or that is another's") {
  const auto certificate = test_certificate{"DNS:github.example"};
  auto server = scripted_server{[](const auto&) { return plain_answer(200, ""); }, &certificate};
  auto settings = settings_for(server.url("localhost"));
  auto untrusting = client{settings};
  CHECK(trouble_of(untrusting, get("/")) == trouble::transient);
  settings.trusted_certificate = certificate.certificate();
  auto trusting = client{settings};
  CHECK(trouble_of(trusting, get("/")) == trouble::transient);
  CHECK(server.requests().empty());
}

TEST_CASE("law 9: https never leads to http") {
  const auto certificate = test_certificate{"IP:127.0.0.1"};
  auto plain = scripted_server{[](const auto&) { return plain_answer(200, ""); }};
  auto server =
      scripted_server{[&](const auto&) { return plain_answer(302, "", "Location: " + plain.url() + "/\r\n"); }, &certificate};
  auto settings = settings_for(server.url());
  settings.trusted_certificate = certificate.certificate();
  auto by = client{settings};
  CHECK(trouble_of(by, get("/")) == trouble::permanent);
  CHECK(plain.requests().empty());
}

TEST_CASE("law 9: what is of the open internet leads to no private address") {
  auto inside = scripted_server{[](const auto&) { return plain_answer(200, "inside"); }};
  auto server = scripted_server{[&](const auto&) { return plain_answer(302, "", "Location: " + inside.url() + "/\r\n"); }};
  auto by = client{settings_for("http://8.8.8.8")}; // nobody is asked there
  CHECK(trouble_of(by, get(server.url() + "/")) == trouble::permanent);
  CHECK(server.requests().size() == 1);
  CHECK(inside.requests().empty());
  auto local = client{settings_for("http://127.0.0.2:9")};
  CHECK(local.perform(get(server.url() + "/")).body == "inside");
}

TEST_CASE("settings that no request could be made by are refused at once") {
  CHECK_THROWS_AS(client{settings_for("github.example")}, std::runtime_error);
  CHECK_THROWS_AS(client{settings_for("https://user:secret@github.example")}, std::runtime_error);
  auto settings = settings_for("https://github.example");
  settings.trusted_certificate = "/nowhere";
  CHECK_THROWS_AS(client{settings}, std::runtime_error);
}

TEST_CASE("GraphQL is found beside REST") {
  CHECK(client{settings_for("https://api.github.com")}.graphql_url() == "https://api.github.com/graphql");
  CHECK(client{settings_for("https://github.example/api/v3/")}.graphql_url() == "https://github.example/api/graphql");
  CHECK(client{settings_for("http://127.0.0.1:8080")}.graphql_url() == "http://127.0.0.1:8080/graphql");
  const auto by = client{settings_for("https://api.github.com")};
  CHECK(by.is_own("https://api.github.com/x"));
  CHECK_FALSE(by.is_own("https://api.github.com:8443/x"));
  CHECK_FALSE(by.is_own("http://api.github.com/x"));
  CHECK_FALSE(by.is_own("https://api.github.com.example/x"));
}
