#include "tests/model/webhook_payloads.hpp"

using namespace ingot;
using namespace ingot::github;
using namespace ingot::testing;

TEST_CASE("an event that is not understood is kept with what can be told of it") {
  const auto x = parsed("issues", R"({"action":"opened","repository":{"id":42,"full_name":"acme/app"},"installation":{"id":7}})");
  CHECK(x.ignored());
  CHECK(x.action == "opened");
  CHECK(x.repository->id == 42);
  CHECK(x.repository->owner == "acme");
  CHECK(x.installation_id == 7);
  const auto odd = parsed("issues", R"({"action":5,"repository":"?","installation":{"id":"x"}})");
  CHECK(odd.ignored());
  CHECK_FALSE(odd.repository);
  CHECK(refused("issues", "[]").code == fault::malformed_body);
  CHECK(refused("issues", R"({"issue":{"body":"\u0000"}})").code == fault::unstorable_text);
}

TEST_CASE("all fields that an event needs and that are absent or wrong are named at once") {
  const auto empty = refused("pull_request", "{}");
  CHECK(empty.code == fault::missing_field);
  CHECK(places(empty) == std::set<std::string>{"/repository/id", "/repository/full_name", "/pull_request/number",
                                               "/pull_request/title", "/pull_request/user/login", "/pull_request/head/sha",
                                               "/pull_request/state", "/pull_request/updated_at"});
  CHECK(places(refused("push", "{}")) == std::set<std::string>{"/repository/id", "/repository/full_name"});
  CHECK(places(refused("status", "{" + repository + "}")) == std::set<std::string>{"/sha", "/state", "/updated_at", "/id"});
  CHECK(places(refused("check_run", "{" + repository + "}")) ==
        std::set<std::string>{"/check_run/head_sha", "/check_run/status", "/check_run/started_at", "/check_run/id"});
  CHECK(places(refused("installation", "{}")) ==
        std::set<std::string>{"/installation/id", "/installation/account/login", "/installation/updated_at"});
  CHECK(places(refused("pull_request_review", pull_request)) == std::set<std::string>{"/review/state", "/review/id"});
}

TEST_CASE("one field that is absent, null, of another type or out of range is named alone") {
  const auto [from, to, place] = GENERATE(table<const char*, const char*, const char*>({
      {R"("number":7,"title")", R"("title")", "/pull_request/number"},
      {R"("number":7,"title")", R"("number":0,"title")", "/pull_request/number"},
      {R"("number":7,"title")", R"("number":2147483648,"title")", "/pull_request/number"},
      {R"("number":7,"title")", R"("number":"7","title")", "/pull_request/number"},
      {R"("number":7,"title")", R"("number":7.0,"title")", "/pull_request/number"},
      {R"("title":"Add \"it\"")", R"("title":null)", "/pull_request/title"},
      {R"("state":"open")", R"("state":"opened")", "/pull_request/state"},
      {R"("updated_at":"2024-05-01T10)", R"("updated_at":"2024-05-01 10)", "/pull_request/updated_at"},
      {R"("sha":"ABCDEF)", R"("sha":"XBCDEF)", "/pull_request/head/sha"},
      {R"("sha":"ABCDEF)", R"("sha":"BCDEF)", "/pull_request/head/sha"},
      {R"("id":42)", R"("id":-42)", "/repository/id"},
      {R"("id":42)", R"("id":9223372036854775808)", "/repository/id"},
      {R"("full_name":"acme/app")", R"("full_name":["acme","app"])", "/repository/full_name"},
  }));
  CAPTURE(from, to);
  const auto x = refused("pull_request", with(pull_request, from, to));
  CHECK(x.code == fault::missing_field);
  CHECK(places(x) == std::set<std::string>{place});
  CHECK(x.message == std::string("the event pull_request needs ") + place);
}

TEST_CASE("fields that no rule needs are tolerated whatever their type") {
  auto body = with(pull_request, R"("draft":true)", R"("draft":"yes")");
  body = with(body, R"("html_url":"https://github.example/acme/app/pull/7")", R"("html_url":{})");
  body = with(body, R"("assignees":[)", R"("assignees":{},"unused":[)");
  body = with(body, R"("stargazers_count":3)", R"("stargazers_count":"many")");
  const auto x = parsed("pull_request", body);
  CHECK_FALSE(std::get<pull_request_event>(x.fact).pull_request.is_draft);
  CHECK(std::get<pull_request_event>(x.fact).pull_request.assignees == "[]");
  CHECK_FALSE(x.repository->stars);
}

TEST_CASE("law 5: texts of the payload are repeated in a refusal up to a limit") {
  const auto x = refused("pull_request", with(pull_request, "ABCDEF", std::string(1'000'000, 'x')));
  REQUIRE(x.details.size() == 1);
  CHECK(x.details[0].message.size() < 200);
  std::string many = R"({"installation":{"id":77,"account":{"login":"a"},"updated_at":1},"repositories":[0)";
  for (int i = 0; i < 10'000; ++i)
    many += ",0";
  const auto all = refused("installation", many + "]}");
  CHECK(all.details.size() == 20);
  CHECK(all.message.size() < 2'000);
}

TEST_CASE("a member that is read and comes twice is refused with its pointer") {
  const auto x = refused("pull_request", with(pull_request, R"("draft":true)", R"("draft":true,"title":"other")"));
  CHECK(x.code == fault::malformed_body);
  CHECK(places(x) == std::set<std::string>{"/pull_request/title"});
  CHECK(places(refused("push", R"({"a":1,)" + repository + R"(,"a":2})")) == std::set<std::string>{"/a"});
}

TEST_CASE("the JSON in a form is read like a bare one") {
  std::string form = "other=%00&payload=";
  for (const char c : pull_request) {
    constexpr char digits[] = "0123456789abcdef";
    if (c == ' ')
      form += '+';
    else if (std::isalnum(static_cast<unsigned char>(c)))
      form += c;
    else
      (((form += '%') += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 15]);
  }
  const auto x = parsed("pull_request", form + "&more=1", body_format::form);
  CHECK(std::get<pull_request_event>(x.fact).pull_request.labels.starts_with(R"([{"name":"a \"b\"")"));
  CHECK(parsed("ping", "payload={\"zen\":\"a%2Bb+c\"}", body_format::form).ignored());
}

TEST_CASE("a form that is broken or has no payload is refused") {
  const auto absent = refused("ping", "payloads=%7B%7D&a", body_format::form);
  CHECK(absent.code == fault::missing_field);
  CHECK(places(absent) == std::set<std::string>{"payload"});
  CHECK(places(refused("ping", "", body_format::form)) == std::set<std::string>{"payload"});
  CHECK(places(refused("ping", "payload=%7B%7", body_format::form)) == std::set<std::string>{"byte 11"});
  CHECK(places(refused("ping", "payload=%zz", body_format::form)) == std::set<std::string>{"byte 8"});
  CHECK(places(refused("ping", "payload=%7B%7D&payload=%7B%7D", body_format::form)) == std::set<std::string>{"byte 15"});
  CHECK(refused("ping", "payload=", body_format::form).code == fault::malformed_body);
  CHECK(refused("ping", "payload={\"a\":\"%00\"}", body_format::form).code == fault::unstorable_text);
}

TEST_CASE("a payload that is cut anywhere is refused, never misread") {
  for (std::size_t n = 0; n < pull_request.size(); ++n) {
    const auto result = parse_webhook("pull_request", body_format::json, pull_request.substr(0, n));
    REQUIRE(std::holds_alternative<failure>(result));
    REQUIRE(std::get<failure>(result).code == fault::malformed_body);
  }
  if (const auto body = recorded("pull_request/opened-1"); !body.empty())
    for (std::size_t n = 0; n < body.size(); n += 97)
      REQUIRE(
          std::holds_alternative<failure>(parse_webhook("pull_request", body_format::json, std::string_view(body).substr(0, n))));
}

TEST_CASE("law 11: the same bytes are read as the same event, whatever was read before") {
  const auto first = parsed("pull_request", pull_request);
  parsed("push", "{" + repository + "}");
  refused("push", "{");
  refused("push", "{\"a\":" + std::string(1000, '['));
  const auto again = parsed("pull_request", pull_request);
  CHECK(std::get<pull_request_event>(again.fact).pull_request.labels ==
        std::get<pull_request_event>(first.fact).pull_request.labels);
  CHECK(again.occurred_at == first.occurred_at);
}
