#include "net/github/api.hpp"
#include "tests/net/github/permits_at_hand.hpp"
#include "tests/net/github/scripted_server.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace ingot;
using namespace ingot::github;
using ingot::contents::object_id;
using ingot::contents::provider_error;
using ingot::contents::trouble;
using ingot::contents::urgency;
using ingot::testing::permits_at_hand;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const auto start = parse_rfc3339("2026-01-02T03:00:00Z").value();
const auto a = *object_id::parse(std::string(40, 'a'));
const auto b = *object_id::parse(std::string(40, 'b'));
constexpr auto token = "ghp_a_token_that_nobody_may_see";
const auto commit_body = R"({"sha":")" + a.hex() + R"(","commit":{"tree":{"sha":")" + b.hex() + R"("}}})";
constexpr auto repository_body = R"({"id":7,"name":"new","owner":{"login":"o"},"private":false,"default_branch":"main"})";

/// A session with GitHub as a script. Every request must find a permit that is out (law 8).
struct at_github {
  explicit at_github(scripted_server::script script)
      : server{[this, script](const scripted_request& x) {
          without_permit += limiter.open() == 0 ? 1 : 0;
          return script(x);
        }} {
    auto settings = github_api_settings{};
    settings.url = server.url();
    settings.token = token;
    settings.timeout = std::chrono::milliseconds{20'000};
    transport.emplace(settings);
    auto book = credential_book{[this](std::int64_t id) {
                                  auto x = credential{};
                                  x.id = id;
                                  x.access_token = own_token;
                                  return std::optional{x};
                                },
                                [](const credential&) { return true; }, [this](std::int64_t, const std::string&) { ++refused; }};
    credentials.emplace(settings, *transport, limiter, book, [] { return start; });
    session.emplace(*transport, *credentials, limiter, caller{0, false, urgency::manual, "o/r"});
  }
  ~at_github() { CHECK(without_permit == 0); }

  api_session* operator->() { return &*session; }
  void by(std::int64_t credential_id) {
    session.emplace(*transport, *credentials, limiter, caller{credential_id, false, urgency::webhook, "o/r"});
  }

  /// What a call ends with.
  std::optional<provider_error> error_of(const std::function<void(api_session&)>& call) {
    try {
      call(*session);
      return std::nullopt;
    } catch (const provider_error& e) {
      UNSCOPED_INFO(e.what());
      CHECK(std::string{e.what()}.find("nobody_may_see") == std::string::npos);
      return e;
    }
  }
  std::string line(std::size_t i) const { return server.requests().at(i).line(); }

  std::string own_token = "ghu_own";
  std::atomic<unsigned> refused = 0, without_permit = 0;
  permits_at_hand limiter;
  scripted_server server;
  std::optional<client> transport;
  std::optional<tokens> credentials;
  std::optional<api_session> session;
};

scripted_answer json(const std::string& body, const std::string& headers = {}) {
  return plain_answer(200, body, "Content-Type: application/json\r\n" + headers);
}

} // namespace

TEST_CASE("law 8: every request has a permit of its budget, and its answer is told to the limiter") {
  at_github x{[](const auto&) { return json(commit_body, "X-RateLimit-Remaining: 41\r\nETag: W/\"one\"\r\n"); }};
  const auto got = x->commit(7, "heads/main");
  REQUIRE(got.value);
  CHECK(got.value->id == a);
  CHECK(got.value->tree == b);
  CHECK(got.etag == '"' + a.hex() + '"');
  CHECK(x.line(0) == "GET /repositories/7/commits/heads/main HTTP/1.1");
  const auto sent = x.server.requests().at(0);
  CHECK(sent.has("user-agent: ingot/"));
  CHECK(sent.has("x-github-api-version: 2022-11-28"));
  CHECK(sent.has("accept: application/vnd.github+json"));
  CHECK(sent.has("authorization: Bearer " + std::string{token}));
  REQUIRE(x.limiter.orders().size() == 1);
  CHECK(x.limiter.orders()[0].budget == "token");
  CHECK(x.limiter.orders()[0].repository == "o/r");
  CHECK(x.limiter.orders()[0].how == urgency::manual);
  CHECK(x.limiter.orders()[0].points == 1);
  REQUIRE(x.limiter.news().size() == 1);
  CHECK(x.limiter.news()[0].remaining == 41);
  CHECK_FALSE(x.limiter.news()[0].free);
  CHECK(x->cost().requests == 1);
  CHECK(x->cost().bytes > 100);
}

TEST_CASE("law 8: without a permit nothing is sent") {
  at_github x{[](const auto&) { return json(commit_body); }};
  x.limiter.refuse(provider_error{trouble::rate_limited, "the budget is used up", start + hours{1}});
  const auto error = x.error_of([](auto& s) { s.commit(7, "main"); });
  REQUIRE(error);
  CHECK(error->kind() == trouble::rate_limited);
  CHECK(error->retry_at() == start + hours{1});
  CHECK(x.server.requests().empty());
  CHECK(x->cost().requests == 0);
}

TEST_CASE("a branch that has not moved costs nothing of the primary limit, whatever token asks") {
  at_github x{[](const scripted_request& r) {
    if (!r.has("accept: application/vnd.github.sha\r\n"))
      return json(commit_body, "ETag: W/\"of the token\"\r\n");
    return r.has("if-none-match: \"" + a.hex() + "\"") ? scripted_answer{"HTTP/1.1 304 Not Modified\r\n\r\n", 0, false, false}
                                                       : plain_answer(200, a.hex());
  }};
  const auto first = x->commit(7, "main");
  REQUIRE(first.value);
  const auto second = x->commit(7, "main", first.etag);
  CHECK_FALSE(second.value);
  CHECK(second.etag == first.etag);
  CHECK(x->cost().requests == 2);
  CHECK(x->cost().not_modified == 1);
  CHECK(x.limiter.news().at(1).free);
}

TEST_CASE("a branch that has moved is looked up by its new commit") {
  at_github x{[](const scripted_request& r) {
    return r.has("accept: application/vnd.github.sha\r\n") ? plain_answer(200, a.hex()) : json(commit_body);
  }};
  const auto got = x->commit(7, "main", '"' + b.hex() + '"');
  REQUIRE(got.value);
  CHECK(got.value->tree == b);
  CHECK(got.etag == '"' + a.hex() + '"');
  CHECK(x.line(0) == "GET /repositories/7/commits/main HTTP/1.1");
  CHECK(x.line(1) == "GET /repositories/7/commits/" + a.hex() + " HTTP/1.1");
  // A server that knows nothing of it has told what is needed all the same.
  CHECK_FALSE(x->commit(7, "main", got.etag).value);
  CHECK(x.server.requests().size() == 3);
}

TEST_CASE("a repository that has not changed costs nothing of the primary limit") {
  at_github x{[](const scripted_request& r) {
    return r.has("if-none-match: \"one\"")
               ? scripted_answer{"HTTP/1.1 304 Not Modified\r\nETag: \"one\"\r\n\r\n", 0, false, false}
               : json(repository_body, "ETag: \"one\"\r\n");
  }};
  const auto got = x->repository(7);
  CHECK(got.value);
  CHECK(got.etag == "\"one\"");
  CHECK_FALSE(x->repository(7, got.etag).value);
  CHECK(x->repository(7, got.etag).etag == "\"one\"");
  CHECK(x->cost().not_modified == 2);
  CHECK(x.limiter.news().at(1).free);
}

TEST_CASE("an empty repository has no commit, a branch that is none is gone") {
  at_github x{[](const scripted_request& r) {
    return r.has("/7/") ? plain_answer(409, R"({"message":"Git Repository is empty."})")
                        : plain_answer(r.has("/8/") ? 422 : 404, R"({"message":"No commit found for SHA: x"})");
  }};
  const auto got = x->commit(7, "main");
  CHECK_FALSE(got.value);
  CHECK(got.etag.empty());
  CHECK(x.error_of([](auto& s) { s.commit(8, "main"); })->kind() == trouble::gone);
  CHECK(x.error_of([](auto& s) { s.commit(9, "main"); })->kind() == trouble::gone);
  const auto known = '"' + a.hex() + '"';
  CHECK(x->commit(7, "main", known).etag.empty());
  CHECK(x.error_of([&](auto& s) { s.commit(8, "main", known); })->kind() == trouble::gone);
  CHECK(x.error_of([&](auto& s) { s.commit(9, "main", known); })->kind() == trouble::gone);
}

TEST_CASE("law 6: a conflict that is no empty repository is tried again, and no file is given up for it") {
  at_github x{[](const scripted_request&) { return plain_answer(409, R"({"message":"Conflict"})"); }};
  CHECK(x.error_of([](auto& s) { s.commit(7, "main"); })->kind() == trouble::transient);
  CHECK(x.error_of([](auto& s) { s.commit(7, "main", '"' + a.hex() + '"'); })->kind() == trouble::transient);
}

TEST_CASE("law 8: a renamed repository is followed by its id, with a permit for each request") {
  at_github x{[](const scripted_request& r) {
    return r.has("/repos/") ? plain_answer(301, R"({"message":"Moved Permanently"})", "Location: /repositories/7\r\n")
                            : json(repository_body);
  }};
  const auto got = x->repository("o", "old");
  REQUIRE(got.value);
  CHECK(got.value->id == 7);
  CHECK(got.value->name == "new");
  CHECK(x.line(0) == "GET /repos/o/old HTTP/1.1");
  CHECK(x.line(1) == "GET /repositories/7 HTTP/1.1");
  CHECK(x.server.requests().at(1).has(token));
  CHECK(x.limiter.orders().size() == 2);
  CHECK(x->cost().requests == 2);
}

TEST_CASE("law 5: a repository that moves for ever is given up") {
  at_github x{[](const auto&) { return plain_answer(301, "{}", "Location: /repositories/7\r\n"); }};
  CHECK(x.error_of([](auto& s) { s.repository(7); })->kind() == trouble::permanent);
  CHECK(x.server.requests().size() == 6);
}

TEST_CASE("names and paths cannot become other paths") {
  at_github x{[](const auto&) { return json(repository_body); }};
  x->repository("o/../x", "r?a=b#c");
  CHECK(x.line(0) == "GET /repos/o%2F..%2Fx/r%3Fa%3Db%23c HTTP/1.1");
  CHECK(x.error_of([](auto& s) { s.repository("..", "r"); })->kind() == trouble::permanent);
  CHECK(x.error_of([](auto& s) { s.repository("o", ""); })->kind() == trouble::permanent);
  CHECK(x.server.requests().size() == 1);
  CHECK(x.error_of([](auto& s) { s.contents(7, "a b/\xc3\xbc?.txt", "v 1/x"); }));
  CHECK(x.line(1) == "GET /repositories/7/contents/a%20b/%C3%BC%3F.txt?ref=v%201%2Fx HTTP/1.1");
}

TEST_CASE("what passes is tried again twice, each time with a permit, and then told") {
  auto count = std::atomic<int>{0};
  at_github x{[&](const auto&) { return ++count <= 2 ? plain_answer(502, "<html>") : json(commit_body); }};
  CHECK(x->commit(7, "main").value);
  CHECK(x->cost().requests == 3);
  CHECK(x.limiter.orders().size() == 3);
  count = -10;
  const auto error = x.error_of([](auto& s) { s.commit(7, "main"); });
  CHECK(error->kind() == trouble::transient);
  CHECK(x.server.requests().size() == 6);
}

TEST_CASE("a request without an answer gives its permit back as free") {
  at_github x{[&](const auto&) { return scripted_answer{{}, 0, true, false}; }};
  CHECK(x.error_of([](auto& s) { s.commit(7, "main"); })->kind() == trouble::transient);
  CHECK(x.limiter.news().size() == 3);
  for (const auto& news : x.limiter.news())
    CHECK(news.free);
  CHECK(x.limiter.open() == 0);
}

TEST_CASE("limits, refusals and what is gone are told at once, with GitHub's own words") {
  at_github x{[&](const scripted_request& r) {
    if (r.has("/1/"))
      return plain_answer(403, R"({"message":"You have exceeded a secondary rate limit."})", "Retry-After: 60\r\n");
    return r.has("/2/") ? plain_answer(451, R"({"message":"Repository access blocked"})")
                        : plain_answer(403, R"({"message":"Resource not accessible"})");
  }};
  const auto limited = x.error_of([](auto& s) { s.tree(1, a, true); });
  CHECK(limited->kind() == trouble::rate_limited);
  CHECK(limited->retry_at() == start + minutes{1});
  CHECK(x.limiter.news().at(0).limited);
  CHECK(x.error_of([](auto& s) { s.tree(2, a, true); })->kind() == trouble::gone);
  const auto forbidden = x.error_of([](auto& s) { s.tree(3, a, true); });
  CHECK(forbidden->kind() == trouble::forbidden);
  CHECK(std::string{forbidden->what()} ==
        "GET /repositories/3/git/trees/" + a.hex() + ": GitHub answers 403: Resource not accessible");
  CHECK(x.server.requests().size() == 3);
}

TEST_CASE("a refused token is made anew once, and then refused") {
  at_github x{[&](const scripted_request& r) {
    return r.has("ghu_good") ? json(commit_body) : plain_answer(401, R"({"message":"Bad credentials"})");
  }};
  x.by(5);
  const auto error = x.error_of([](auto& s) { s.commit(7, "main"); });
  CHECK(error->kind() == trouble::forbidden);
  CHECK(x.server.requests().size() == 2);
  CHECK(x.refused == 1);
  x.own_token = "ghu_good";
  CHECK(x->commit(7, "main").value);
  CHECK(x.limiter.orders().back().budget == "user/5");
  // The node's own token cannot be made anew.
  x.session.emplace(*x.transport, *x.credentials, x.limiter, caller{});
  CHECK(x.error_of([](auto& s) { s.commit(7, "main"); })->kind() == trouble::forbidden);
  CHECK(x.server.requests().size() == 4);
}

TEST_CASE("a blob streams as it is, and one that breaks off is not begun anew") {
  at_github x{[&](const scripted_request& r) {
    if (r.has(b.hex()))
      return scripted_answer{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 0, true, false};
    return plain_answer(200, "all of it", "Content-Type: application/vnd.github.raw+json\r\n");
  }};
  auto got = std::string{};
  const auto take = [&](std::string_view piece) { got += piece; };
  x->blob(7, a, take);
  CHECK(got == "all of it");
  CHECK(x.line(0) == "GET /repositories/7/git/blobs/" + a.hex() + " HTTP/1.1");
  CHECK(x.server.requests().at(0).has("accept: application/vnd.github.raw+json"));
  got.clear();
  CHECK(x.error_of([&](auto& s) { s.blob(7, b, take); })->kind() == trouble::transient);
  CHECK(got == "half");
  CHECK(x.server.requests().size() == 2);
  // It has been answered, so that GitHub has counted it.
  CHECK(x->cost().requests == 2);
  CHECK_FALSE(x.limiter.news().at(1).free);
}

TEST_CASE("what a sink throws goes through, and the permit comes back") {
  at_github x{[&](const auto&) { return plain_answer(200, "all of it"); }};
  CHECK_THROWS_AS(x->blob(7, a, [](std::string_view) { throw std::domain_error{"full"}; }), std::domain_error);
  CHECK(x.limiter.open() == 0);
}

TEST_CASE("law 9: an archive comes from another host, which gets no token, is one request, and passes as it is") {
  const auto archive = gzipped("a tar");
  auto other = scripted_server{[&](const auto&) { return plain_answer(200, archive, "Content-Type: application/x-gzip\r\n"); }};
  at_github x{
      [&](const auto&) { return plain_answer(302, "", "Location: " + other.url() + "/o/r/legacy.tar.gz?token=secret\r\n"); }};
  auto got = std::string{};
  x->tarball(7, a, [&](std::string_view piece) { got += piece; });
  CHECK(got == archive);
  CHECK(x.line(0) == "GET /repositories/7/tarball/" + a.hex() + " HTTP/1.1");
  CHECK_FALSE(other.requests().at(0).has("uthorization"));
  CHECK(other.requests().at(0).has("accept-encoding: identity"));
  CHECK(x->cost().requests == 1);
  CHECK(x.limiter.orders().size() == 1);
  CHECK(x->cost().bytes > archive.size());
}

TEST_CASE("a batch of blobs is one GraphQL query") {
  at_github x{[&](const scripted_request& r) {
    if (r.body.find("\"gone\"") != std::string::npos)
      return json(
          R"({"data":{"repository":null},"errors":[{"type":"NOT_FOUND","message":"Could not resolve to a Repository"}]})");
    if (r.body.find("\"busy\"") != std::string::npos)
      return json(R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})",
                  "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1767326400\r\n");
    return json(R"({"data":{"rateLimit":{"cost":2},"repository":{"b0":{"oid":")" + a.hex() +
                R"(","text":"one","isBinary":false,"isTruncated":false,"byteSize":3},"b1":null}}})");
  }};
  const auto ids = std::vector{a, b};
  const auto got = x->blobs("o", "r", ids);
  REQUIRE(got.size() == 2);
  CHECK(got[0].text == "one");
  CHECK_FALSE(got[1].found);
  CHECK(x.line(0) == "POST /graphql HTTP/1.1");
  CHECK(x.limiter.orders().at(0).of == resource::graphql);
  CHECK(x.limiter.orders().at(0).points == 1);
  CHECK(x->cost().points == 2);
  CHECK(x.error_of([&](auto& s) { s.blobs("o", "gone", ids); })->kind() == trouble::gone);
  const auto limited = x.error_of([&](auto& s) { s.blobs("o", "busy", ids); });
  CHECK(limited->kind() == trouble::rate_limited);
  CHECK(limited->retry_at() == from_epoch_seconds(1'767'326'400));
  CHECK(x.limiter.news().back().limited);
  CHECK(x->blobs("o", "r", {}).empty());
  CHECK_THROWS_AS(x->blobs("o", "r", std::vector<object_id>(101)), std::invalid_argument);
}

TEST_CASE("lists are read page by page, and no page elsewhere is followed") {
  auto elsewhere = std::atomic<bool>{false};
  auto other = scripted_server{[](const auto&) { return json("[]"); }};
  std::string own;
  at_github x{[&](const scripted_request& r) {
    const auto to = elsewhere ? other.url() : own;
    if (r.has("page=2"))
      return json(R"([{"filename":"b","status":"added"}])");
    return json(R"([{"filename":"a","status":"added"}])",
                "Link: <" + to + "/repositories/7/pulls/3/files?per_page=100&page=2>; rel=\"next\"\r\n");
  }};
  own = x.server.url();
  const auto got = x->pull_request_files(7, 3);
  REQUIRE(got.size() == 2);
  CHECK(got[1].path == "b");
  CHECK(x.line(0) == "GET /repositories/7/pulls/3/files?per_page=100 HTTP/1.1");
  CHECK(x.line(1) == "GET /repositories/7/pulls/3/files?per_page=100&page=2 HTTP/1.1");
  elsewhere = true;
  CHECK(x.error_of([](auto& s) { s.pull_request_files(7, 3); })->kind() == trouble::permanent);
  CHECK(other.requests().empty());
}

TEST_CASE("law 5: a list without end is read to 3,000 files") {
  std::string own;
  auto page = std::atomic<int>{1};
  at_github x{[&](const auto&) {
    return json("[]", "Link: <" + own + "/repositories/7/pulls/3/files?page=" + std::to_string(++page) + ">; rel=\"next\"\r\n");
  }};
  own = x.server.url();
  CHECK(x->pull_request_files(7, 3).empty());
  CHECK(x.server.requests().size() == 30);
}

TEST_CASE("the delivery log of the App and of a hook are asked for, and a delivery again") {
  at_github x{[&](const scripted_request& r) {
    return r.has("POST")
               ? plain_answer(202, "{}")
               : json(
                     R"([{"id":12345678901,"guid":"g","delivered_at":"2026-01-02T03:04:05Z","redelivery":false,"status":"OK","status_code":200,"event":"push","action":null}])");
  }};
  const auto got = x->deliveries("");
  REQUIRE(got.items.size() == 1);
  CHECK(got.items[0].id == 12'345'678'901);
  CHECK(got.next.empty());
  x->deliveries("o/r/9");
  x->redeliver("", 5);
  x->redeliver("o/r/9", 6);
  CHECK(x.line(0) == "GET /app/hook/deliveries?per_page=100 HTTP/1.1");
  CHECK(x.line(1) == "GET /repos/o/r/hooks/9/deliveries?per_page=100 HTTP/1.1");
  CHECK(x.line(2) == "POST /app/hook/deliveries/5/attempts HTTP/1.1");
  CHECK(x.line(3) == "POST /repos/o/r/hooks/9/deliveries/6/attempts HTTP/1.1");
  CHECK(x.limiter.orders().at(2).points == 5);
  CHECK(x.error_of([](auto& s) { s.deliveries("o/r"); })->kind() == trouble::permanent);
}

TEST_CASE("a redelivery is asked for once, whatever becomes of it") {
  at_github x{[&](const auto&) { return plain_answer(502, ""); }};
  CHECK(x.error_of([](auto& s) { s.redeliver("", 5); })->kind() == trouble::transient);
  CHECK(x.server.requests().size() == 1);
}

TEST_CASE("the limits are asked for without cost") {
  at_github x{
      [&](const auto&) { return json(R"({"resources":{"core":{"limit":5000,"used":1,"remaining":4999,"reset":1767326400}}})"); }};
  const auto got = x->rate_limit();
  REQUIRE(got.size() == 1);
  CHECK(got[0].resource == "core");
  CHECK(x.limiter.news().at(0).free);
}

TEST_CASE("an answer that is not what it should be is told with its place") {
  at_github x{[&](const auto&) { return json(R"({"sha":"x","truncated":false,"tree":[]})"); }};
  const auto error = x.error_of([](auto& s) { s.tree(7, a, true); });
  CHECK(error->kind() == trouble::permanent);
  CHECK(std::string{error->what()}.find("/sha") != std::string::npos);
  CHECK(std::string{error->what()}.find("GET /repositories/7/git/trees/") != std::string::npos);
}
