#include "net/github/origin.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace ingot::github;

TEST_CASE("a URL is taken apart into whom it leads to and what it names there") {
  const auto x = parse_url("HTTPS://API.GitHub.com/repos/a/b?x=1#here");
  REQUIRE(x);
  CHECK(x->at == origin{true, "api.github.com", 443});
  CHECK(x->target == "/repos/a/b?x=1");
  CHECK(x->url() == "https://api.github.com/repos/a/b?x=1");
  CHECK(parse_url("http://127.0.0.1:8080")->url() == "http://127.0.0.1:8080/");
  CHECK(parse_url("http://[::1]:8080/x")->at == origin{false, "::1", 8080});
  CHECK(parse_url("http://[::1]:8080/x")->at.authority() == "[::1]:8080");
  CHECK(parse_url("https://x?y")->target == "/?y");
  CHECK(parse_url("https://x:443/")->at.authority() == "x");
}

TEST_CASE("what is no absolute http or https URL is refused, and so is a user name") {
  for (const auto* text : {"", "x", "/x", "ftp://x/", "https://", "https:///x", "https://user@x/", "https://u:p@x/",
                           "https://x:0/", "https://x:65536/", "https://x:/", "https://x:1a/", "https://a b/", "https://x/\n",
                           "https://[x]/", "https://[]/", "https://[::1/", "https://[::1]x/", "https://x\\@y/"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text));
  }
  CHECK_FALSE(parse_url("https://x/" + std::string(9'000, 'a')));
}

TEST_CASE("a redirect's location is resolved against the URL that it came from") {
  const auto base = *parse_url("https://a.example/one/two?x");
  CHECK(resolve(base, "https://b.example:8443/y")->url() == "https://b.example:8443/y");
  CHECK(resolve(base, "//b.example/y")->url() == "https://b.example/y");
  CHECK(resolve(base, "/repositories/7#z")->url() == "https://a.example/repositories/7");
  for (const auto* text : {"", "three", "javascript:alert(1)", "file:///etc/passwd", "//", "http://x@y/"})
    CHECK_FALSE(resolve(base, text));
}
