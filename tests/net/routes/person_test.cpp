#include "net/routes/person.hpp"

#include "model/console_session.hpp"
#include "tests/support/catch.hpp"

#include <utility>

using namespace ingot;
using namespace ingot::routes;

namespace {

http::request_head head_of(std::string method, std::vector<http::field> fields) {
  auto out = http::request_head{};
  out.method = std::move(method);
  out.fields = {{"host", "ingot.example:8787"}};
  out.fields.insert(out.fields.end(), fields.begin(), fields.end());
  return out;
}

fault code_of(const std::optional<failure>& x) {
  return x ? x->code : fault::none;
}

const std::string session = make_session_token("0123456789abcdef0123456789abcdef", {1});
const std::string cookie = "ingot_session=" + session;
const std::string other = csrf_token_of(make_session_token("0123456789abcdef0123456789abcdef", {2}));

settings config_of(const std::string& token = "admin-token") {
  auto out = settings{};
  out.admin_token = token;
  out.master_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  return out;
}

} // namespace

TEST_CASE("pages of this origin may call the doors of people, and no others") {
  const auto judge = [](const char* method, std::vector<http::field> fields) {
    return code_of(refuse_foreign_page(head_of(method, std::move(fields))));
  };
  CHECK(judge("POST", {}) == fault::none);
  CHECK(judge("POST", {{"sec-fetch-site", "same-origin"}, {"origin", "http://ingot.example:8787"}}) == fault::none);
  CHECK(judge("POST", {{"origin", "https://ingot.example:8787"}}) == fault::none);
  CHECK(judge("GET", {{"sec-fetch-site", "none"}}) == fault::none);
  CHECK(judge("POST", {{"sec-fetch-site", "none"}}) == fault::forbidden);
  for (const auto* site : {"cross-site", "same-site", "", "x"})
    for (const auto* method : {"GET", "POST"})
      CHECK(judge(method, {{"sec-fetch-site", site}}) == fault::forbidden);
  for (const auto* origin : {"http://evil.example", "null", "", "http://ingot.example", "http://ingot.example:8787.evil.example",
                             "http://x@ingot.example:8787", "ingot.example:8787"}) {
    INFO(origin);
    CHECK(judge("POST", {{"origin", origin}}) == fault::forbidden);
    CHECK(judge("POST", {{"sec-fetch-site", "same-origin"}, {"origin", origin}}) == fault::forbidden);
  }
}

TEST_CASE("whatever changes something by cookie needs the session's own CSRF token") {
  const auto judge = [](const char* method, std::vector<http::field> fields) {
    return code_of(refuse_nobody(head_of(method, std::move(fields)), config_of()));
  };
  CHECK(judge("GET", {{"cookie", cookie}}) == fault::none);
  for (const auto* method : {"POST", "PATCH", "PUT", "DELETE", "OPTIONS"}) {
    INFO(method);
    CHECK(judge(method, {{"cookie", cookie}}) == fault::forbidden);
    CHECK(judge(method, {{"cookie", cookie}, {"x-csrf-token", ""}}) == fault::forbidden);
    CHECK(judge(method, {{"cookie", cookie}, {"x-csrf-token", other}}) == fault::forbidden);
    CHECK(judge(method, {{"cookie", cookie}, {"x-csrf-token", csrf_token_of(session)}}) == fault::none);
  }
}

TEST_CASE("law 5: a cookie that this node did not make is refused without asking the database") {
  auto config = config_of();
  const auto judge = [&](const std::string& token) {
    return code_of(refuse_nobody(head_of("GET", {{"cookie", "ingot_session=" + token}}), config));
  };
  CHECK(judge(session) == fault::none);
  for (const auto& forged : {std::string{"abc"}, session.substr(0, 43), session + "0", make_session_token("other", {1})})
    CHECK(judge(forged) == fault::unauthorized);
  config.master_key_previous = std::exchange(config.master_key, "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=");
  CHECK(judge(session) == fault::none);
  config.master_key_previous.clear();
  CHECK(judge(session) == fault::unauthorized);
}

TEST_CASE("without a session the admin token counts, and what comes with it does not") {
  const auto judge = [](std::vector<http::field> fields, const std::string& token = "admin-token") {
    return code_of(refuse_nobody(head_of("POST", std::move(fields)), config_of(token)));
  };
  CHECK(judge({{"authorization", "Bearer admin-token"}}) == fault::none);
  CHECK(judge({{"authorization", "Bearer admin-token"}, {"cookie", cookie}}) == fault::none);
  CHECK(judge({}) == fault::unauthorized);
  CHECK(judge({{"cookie", "other=1"}}) == fault::unauthorized);
  CHECK(judge({{"authorization", "Bearer x"}, {"cookie", cookie}, {"x-csrf-token", csrf_token_of(session)}}) ==
        fault::unauthorized);
  CHECK(judge({{"authorization", "Bearer "}}, "") == fault::unauthorized);
  CHECK(judge({}, "") == fault::unauthorized);
}
