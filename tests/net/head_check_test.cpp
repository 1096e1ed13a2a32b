#include "net/http/head_check.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace ingot;
using namespace ingot::http;

namespace {

head_verdict judge(const std::string& head) {
  checked_head out;
  return check_head(head, out);
}

fault code_of(const std::string& head) {
  return judge(head).code;
}

std::string get_with(const std::string& fields) {
  return "GET /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}
std::string post_with(const std::string& fields) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

} // namespace

TEST_CASE("a head is cut into its parts") {
  const std::string text = "POST /a/b%20c?d=e&f HTTP/1.1\r\nHost: Example.org:8787\r\nX-Two:\t v w \t\r\nx-empty:\r\n"
                           "Content-Length: 12\r\nConnection: foo, Close\r\n\r\n";
  checked_head out;
  REQUIRE(check_head(text, out));
  CHECK(out.method == "POST");
  CHECK(out.path == "/a/b%20c");
  CHECK(out.query == "d=e&f");
  CHECK_FALSE(out.http_1_0);
  CHECK(out.framing == body_framing::length);
  CHECK(out.content_length == 12);
  CHECK_FALSE(out.keep_alive);
  REQUIRE(out.fields.size() == 5);
  CHECK(out.fields[1].name == "X-Two");
  CHECK(out.fields[1].value == "v w");
  CHECK(out.fields[2].value.empty());
}

TEST_CASE("nothing of one head is left in the next") {
  checked_head out;
  REQUIRE(check_head(post_with("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n"), out));
  CHECK(out.framing == body_framing::chunked);
  CHECK(out.expects_continue);
  REQUIRE(check_head("GET / HTTP/1.1\r\nHost: x\r\n\r\n", out));
  CHECK(out.framing == body_framing::none);
  CHECK_FALSE(out.expects_continue);
  CHECK(out.keep_alive);
  CHECK(out.fields.size() == 1);
}

TEST_CASE("a request target may be absolute, and an asterisk for OPTIONS") {
  checked_head out;
  const std::string absolute = "GET http://example.org:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(check_head(absolute, out));
  CHECK(out.path == "/a");
  CHECK(out.query == "b");
  const std::string bare = "GET HTTPS://example.org HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(check_head(bare, out));
  CHECK(out.path == "/");
  const std::string queried = "GET http://example.org?q HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(check_head(queried, out));
  CHECK(out.path == "/");
  CHECK(out.query == "q");
  CHECK(code_of("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n") == fault::none);
  CHECK(code_of("GET * HTTP/1.1\r\nHost: x\r\n\r\n") == fault::bad_request_framing);
}

TEST_CASE("what two parsers could read differently is refused") {
  const std::string refused[] = {
      post_with("Content-Length: 5, 5\r\n"),
      post_with("Content-Length: 5\r\nContent-Length: 5\r\n"),
      post_with("Content-Length: +5\r\n"),
      post_with("Content-Length: 05\r\n"),
      post_with("Content-Length:\r\n"),
      post_with("Content-Length: 1234567890123456789\r\n"),
      post_with("Content-Length : 5\r\n"),
      post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      post_with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"),
      post_with("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"),
      post_with("Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n"),
      post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      post_with("Transfer-Encoding: \vchunked\r\n"),
      post_with("Transfer-Encoding:\r\n chunked\r\n"),
      "POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      get_with("Host: x\r\n"),
      "GET /a HTTP/1.1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a:99999\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n",
      get_with("X-A: b\r\n c\r\n"),
      get_with(" X-A: b\r\n"),
      get_with("X-A: b\rc\r\n"),
      get_with("X-A: b\nX-B: c\r\n"),
      get_with(std::string("X-A: b\0c\r\n", 10)),
      get_with("X-A: b\x7f\r\n"),
      get_with("X-\xc3\xa4: b\r\n"),
      get_with(": b\r\n"),
      "GET /a\r\nHost: x\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /%0 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /%7F HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /a http/1.1\r\nHost: x\r\n\r\n",
      "GET /a HTTP/1.1 \r\nHost: x\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: x\r\n",
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nmore\r\n\r\n",
      "",
  };
  for (const auto& head : refused) {
    INFO(head);
    CHECK(code_of(head) == fault::bad_request_framing);
  }
}

TEST_CASE("what is well-formed and not served is told apart") {
  CHECK(code_of(post_with("Transfer-Encoding: gzip, chunked\r\n")) == fault::not_implemented);
  CHECK(code_of("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n") == fault::not_implemented);
  CHECK(code_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == fault::version_not_supported);
  CHECK(code_of("GET / HTTP/0.9\r\nHost: x\r\n\r\n") == fault::version_not_supported);
  CHECK(code_of(post_with("Expect: a-miracle\r\nContent-Length: 1\r\n")) == fault::expectation_failed);
  CHECK(code_of("GET /" + std::string(target_bytes_max, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n") == fault::target_too_long);
  std::string many;
  for (std::size_t i = 0; i < fields_max; ++i)
    many += "X: y\r\n";
  CHECK(code_of(get_with(many)) == fault::head_too_large);
}

TEST_CASE("what senders really send passes") {
  const std::string passing[] = {
      get_with("X-Text: \xc3\xa4\r\n"),
      get_with("X-!#$%&'*+-.^_`|~: y\r\n"),
      get_with("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"),
      post_with("Content-Length: 0\r\n"),
      post_with("content-length:5\r\n"),
      post_with("Transfer-Encoding: Chunked\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
      "GET /?a=[b]|{c} HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:8787\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a_b.example:\r\n\r\n",
  };
  for (const auto& head : passing) {
    const auto verdict = judge(head);
    INFO(head << verdict.reason);
    CHECK(verdict);
  }
}

TEST_CASE("HTTP/1.0 ends its connection unless it asks otherwise") {
  checked_head out;
  REQUIRE(check_head("GET / HTTP/1.0\r\n\r\n", out));
  CHECK_FALSE(out.keep_alive);
  REQUIRE(check_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", out));
  CHECK(out.keep_alive);
  REQUIRE(check_head("GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", out));
  CHECK_FALSE(out.keep_alive);
}

TEST_CASE("the end of a head is found wherever its bytes are cut") {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string all = head + "GET";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    head_scanner scanner;
    const auto first = scanner.look(std::string_view(all).substr(0, cut));
    CHECK(first == (cut < head.size() ? head_scanner::result::need_more : head_scanner::result::complete));
    if (first == head_scanner::result::need_more)
      CHECK(scanner.look(all) == head_scanner::result::complete);
    CHECK(scanner.size() == head.size());
  }
}

TEST_CASE("a bare line feed is noticed before the head is complete") {
  CHECK(head_scanner().look("GET / HTTP/1.1\nHost") == head_scanner::result::malformed);
  CHECK(head_scanner().look("\n") == head_scanner::result::malformed);
  CHECK(head_scanner().look("\x16\x03\x01") == head_scanner::result::malformed);
}
