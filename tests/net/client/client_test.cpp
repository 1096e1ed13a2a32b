#include "net/client/client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/local_http_server.hpp"

#include <atomic>
#include <cstdlib>

using namespace ingot::client;

namespace {

request to_local(const local_http_server& server, std::string method = "GET") {
  auto x = request{};
  x.method = std::move(method);
  x.url = server.url() + "/a/../b?c=d";
  x.private_addresses = true;
  return x;
}

trouble trouble_with(const request& x) {
  try {
    perform(x);
  } catch (const no_response& e) {
    UNSCOPED_INFO(e.what());
    return e.kind();
  }
  FAIL("there was an answer");
  return {};
}

request get(const std::string& url) {
  auto x = request{};
  x.url = url;
  x.timeout = std::chrono::seconds{5};
  return x;
}

} // namespace

TEST_CASE("a request goes out as it was made and its answer comes back with status, headers and body") {
  local_http_server server{
      [](const std::string&) { return http_answer_text(304, "", "ETag: \"abc\"\r\nX-Twice: one\r\nX-Twice: two\r\n"); }};
  auto x = to_local(server);
  x.headers = {{"If-None-Match", "\"old\""}, {"User-Agent", "ingot"}};
  const auto got = perform(x);
  CHECK(got.status == 304);
  CHECK(got["etag"] == "\"abc\"");
  CHECK(got["x-twice"] == "one");
  CHECK(got["absent"].empty());
  CHECK_FALSE(got.cut);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("GET /a/../b?c=d HTTP/1.1\r\n"));
  CHECK(requests[0].find("\r\nIf-None-Match: \"old\"\r\n") != std::string::npos);
}

TEST_CASE("a body is posted whole") {
  local_http_server server{200, "{}"};
  auto x = to_local(server, "POST");
  x.body = std::string(2'000'000, 'b');
  x.headers = {{"Content-Type", "application/json"}};
  CHECK(perform(x).body == "{}");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].ends_with("\r\n\r\n" + x.body));
  CHECK(requests[0].find("Expect") == std::string::npos);
}

TEST_CASE("a redirect is an answer and nothing follows it") {
  local_http_server elsewhere{200, "caught"};
  local_http_server server{
      [&](const std::string&) { return http_answer_text(302, "", "Location: " + elsewhere.url() + "/\r\n"); }};
  CHECK(perform(to_local(server)).status == 302);
  CHECK(elsewhere.requests().empty());
}

TEST_CASE("law 5: an answer's body is read up to its bound and not further") {
  local_http_server server{200, std::string(5'000, 'x')};
  auto x = to_local(server);
  x.answer_bytes_max = 4'999;
  const auto cut = perform(x);
  CHECK(cut.cut);
  CHECK(cut.status == 200);
  CHECK(cut.body.size() == 4'999);
  x.answer_bytes_max = 5'000;
  CHECK_FALSE(perform(x).cut);
}

TEST_CASE("an address that is not of the open internet is refused when it is dialled") {
  local_http_server server{200, "secret"};
  const auto port = ":" + std::to_string(server.port()) + "/";
  for (const auto* host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "10.0.0.1",
                           "169.254.169.254"}) {
    INFO(host);
    CHECK(trouble_with(get("http://" + std::string{host} + port)) == trouble::address_refused);
  }
  CHECK(server.requests().empty());
}

TEST_CASE("the environment's proxy is not asked") {
  local_http_server proxy{200, "from the proxy"};
  local_http_server server{200, "from the server"};
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto got = perform(to_local(server));
  ::unsetenv("http_proxy");
  CHECK(got.body == "from the server");
  CHECK(proxy.requests().empty());
}

TEST_CASE("only http and https are spoken") {
  for (const auto* url : {"file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "", "nonsense://x"})
    CHECK(trouble_with(get(url)) == trouble::bad_url);
}

TEST_CASE("law 10: nobody answers for ever: the deadline ends the exchange") {
  local_http_server server{[](const std::string&) { return std::string{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}; }};
  CHECK(trouble_with([&] {
          auto x = to_local(server);
          x.url = server.url();
          return x;
        }()) == trouble::no_answer); // closed before its end
  auto nobody = get("http://127.0.0.1:1/");
  nobody.private_addresses = true;
  CHECK(trouble_with(nobody) == trouble::no_answer);
  auto met = std::atomic<int>{-1}; // on the server's thread, where nothing may be checked
  local_http_server slow{[&](const std::string&) {
    auto x = request{};
    x.url = slow.url(); // nobody takes it before this answer: it waits in the queue of the listener
    x.private_addresses = true;
    x.timeout = std::chrono::milliseconds{50};
    try {
      perform(x);
    } catch (const no_response& e) {
      met = static_cast<int>(e.kind());
    }
    return http_answer_text(200, "");
  }};
  auto x = to_local(slow);
  CHECK(perform(x).status == 200);
  CHECK(met == static_cast<int>(trouble::no_answer));
}

TEST_CASE("law 9: what keeps a request from its answer is told without its URL") {
  auto x = get("http://user:hush@127.0.0.1:1/hush?hush");
  x.private_addresses = true;
  try {
    perform(x);
    FAIL("there was an answer");
  } catch (const no_response& e) {
    CHECK(std::string{e.what()}.find("hush") == std::string::npos);
  }
}

TEST_CASE("a URL that cannot be called is told from one that can") {
  CHECK(judge_url("https://example.org/hook?x=1").empty());
  CHECK(judge_url("http://127.0.0.1:8080").empty());
  for (const auto* url : {"", "example.org/hook", "ftp://example.org", "file:///etc/passwd", "https://",
                          "https://u:p@example.org/", "https://u@example.org/", "https://exa mple.org/"}) {
    INFO(url);
    CHECK_FALSE(judge_url(url).empty());
  }
}
