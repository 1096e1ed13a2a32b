#include "model/github/api/answer.hpp"
#include "tests/support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using ingot::contents::trouble;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const auto now = parse_rfc3339("2026-01-02T03:00:00Z").value();

std::string epoch(timestamp at) {
  return std::to_string(std::chrono::duration_cast<seconds>(at.time_since_epoch()).count());
}

api::judgement judged(unsigned status, const api::header_list& headers = {}, const std::string& body = {},
                      resource of = resource::core) {
  return api::judge(status, headers, body, of, now);
}

} // namespace

TEST_CASE("the status of an answer says what became of the request") {
  const auto none = std::optional<trouble>{};
  struct row {
    unsigned status;
    std::optional<trouble> problem;
  };
  for (const auto& x : std::vector<row>{{200, none},
                                        {201, none},
                                        {202, none},
                                        {204, none},
                                        {206, none},
                                        {301, none},
                                        {302, none},
                                        {304, none},
                                        {400, trouble::permanent},
                                        {401, trouble::forbidden},
                                        {403, trouble::forbidden},
                                        {404, trouble::gone},
                                        {406, trouble::permanent},
                                        {408, trouble::transient},
                                        {409, trouble::permanent},
                                        {410, trouble::gone},
                                        {415, trouble::permanent},
                                        {422, trouble::permanent},
                                        {429, trouble::rate_limited},
                                        {451, trouble::gone},
                                        {500, trouble::transient},
                                        {502, trouble::transient},
                                        {503, trouble::transient},
                                        {504, trouble::transient}}) {
    INFO(x.status);
    CHECK(judged(x.status).problem == x.problem);
    CHECK(judged(x.status).news.limited == (x.problem == trouble::rate_limited));
    CHECK(judged(x.status).news.free == (x.status == 304));
  }
}

TEST_CASE("a 403 or 429 with retry-after is a limit until then") {
  for (const auto status : {403u, 429u}) {
    const auto x = judged(status, {{"retry-after", "60"}, {"x-ratelimit-remaining", "4999"}});
    CHECK(x.problem == trouble::rate_limited);
    CHECK(x.retry_at == now + minutes{1});
    CHECK(x.news.retry_after == now + minutes{1});
    CHECK(x.news.limited);
  }
}

TEST_CASE("a 403 or 429 with nothing remaining is the primary limit until its reset") {
  for (const auto status : {403u, 429u}) {
    const auto x = judged(status,
                          {{"x-ratelimit-limit", "5000"},
                           {"x-ratelimit-remaining", "0"},
                           {"x-ratelimit-used", "5001"},
                           {"x-ratelimit-reset", epoch(now + minutes{20})}},
                          R"({"message":"API rate limit exceeded for installation ID 7."})");
    CHECK(x.problem == trouble::rate_limited);
    CHECK(x.retry_at == now + minutes{20});
    CHECK(x.news.limit == 5000);
    CHECK(x.news.remaining == 0);
    CHECK(x.news.used == 5001);
    CHECK(x.news.reset == now + minutes{20});
    CHECK(x.reason == "API rate limit exceeded for installation ID 7.");
  }
}

TEST_CASE("a secondary limit that names no time is one of unknown length") {
  for (const auto* text : {"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                           "You have triggered an abuse detection mechanism. Please wait a few minutes"}) {
    const auto x = judged(403, {{"x-ratelimit-remaining", "4000"}, {"x-ratelimit-reset", epoch(now + minutes{20})}},
                          std::string{R"({"message":")"} + text + "\"}");
    CHECK(x.problem == trouble::rate_limited);
    CHECK(x.news.limited);
    CHECK_FALSE(x.news.retry_after);
    CHECK_FALSE(x.retry_at);
  }
}

TEST_CASE("a 403 that is no limit is forbidden") {
  const auto x = judged(403, {{"x-ratelimit-remaining", "4000"}}, R"({"message":"Resource not accessible by integration"})");
  CHECK(x.problem == trouble::forbidden);
  CHECK_FALSE(x.news.limited);
  CHECK(x.reason == "Resource not accessible by integration");
}

TEST_CASE("a good answer tells of the limits too, even when nothing remains") {
  const auto x = judged(200, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(now + minutes{5})}});
  CHECK_FALSE(x.problem);
  CHECK_FALSE(x.news.limited);
  CHECK(x.news.remaining == 0);
}

TEST_CASE("headers that are no numbers, or beyond reason, say nothing for ever") {
  const auto x = judged(429, {{"retry-after", "99999999999"},
                              {"x-ratelimit-limit", "-5"},
                              {"x-ratelimit-remaining", "many"},
                              {"x-ratelimit-used", "1.5"},
                              {"x-ratelimit-reset", "1507651200000"}});
  CHECK(x.retry_at == now + hours{24});
  CHECK_FALSE(x.news.limit);
  CHECK_FALSE(x.news.remaining);
  CHECK_FALSE(x.news.used);
  CHECK_FALSE(x.news.reset); // milliseconds: far beyond the year 9999
  CHECK(judged(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(now + hours{24 * 365})}}).retry_at ==
        now + hours{24});
  CHECK(judged(429, {{"retry-after", "99999999999999999999999"}}).problem == trouble::rate_limited);
  CHECK(judged(429, {{"retry-after", "9223372036854775807"}}).retry_at == now + hours{24});
  CHECK(judged(429, {{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}}).problem == trouble::rate_limited);
}

TEST_CASE("GraphQL says in a 200 that its limit is reached") {
  const auto* body =
      R"({"errors":[{"type":"NOT_FOUND","message":"x"},{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})";
  const auto x =
      judged(200, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", epoch(now + minutes{7})}}, body, resource::graphql);
  CHECK(x.problem == trouble::rate_limited);
  CHECK(x.news.limited);
  CHECK(x.retry_at == now + minutes{7});
  CHECK_FALSE(judged(200, {}, body, resource::core).problem);
  CHECK_FALSE(judged(200, {}, R"({"data":{},"errors":[{"type":"NOT_FOUND","message":"x"}]})", resource::graphql).problem);
  CHECK_FALSE(judged(200, {}, R"({"data":{"text":"\"errors\" RATE_LIMITED"}})", resource::graphql).problem);
}

TEST_CASE("GitHub's own words are one line, cut, and nothing that could not be shown") {
  CHECK(judged(404, {}, R"({"message":"Not\nFound\u001b[31m"})").reason == "Not Found [31m");
  CHECK(judged(500, {}, "<html>").reason.empty());
  CHECK(judged(500, {}, "[1]").reason.empty());
  CHECK(judged(500, {}, R"({"message":"a\u0000b"})").reason.empty());
  CHECK(judged(500, {}, R"({"message":")" + std::string(5'000, 'x') + "\"}").reason.size() < 300);
  CHECK(judged(500, {}, R"({"message":7})").reason.empty());
}

TEST_CASE("the next page is the link that says so") {
  CHECK(api::next_link(R"(<https://x/?page=1>; rel="prev", <https://x/?page=3>; rel="next", <https://x/?page=5>; rel="last")") ==
        "https://x/?page=3");
  CHECK(api::next_link(R"(<https://x/?page=1,2>; rel="next")") == "https://x/?page=1,2");
  for (const auto* text : {"", "nonsense", "<", "<x", R"(<https://x/>; rel="last")", ">;rel=\"next\"<"})
    CHECK(api::next_link(text).empty());
}
