#include "model/nightly/calendar.hpp"
#include "model/nightly/run.hpp"

#include "model/github/api/parse.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::nightly;

namespace {

timestamp at(std::string_view text) {
  return parse_rfc3339(text).value();
}

std::string wrong_order(std::string_view body) {
  const auto out = parse_run_order(body, {});
  const auto* why = std::get_if<failure>(&out);
  return why == nullptr ? std::string{} : why->message + (why->details.empty() ? "" : why->details[0].pointer);
}

run run_with(std::int64_t repositories, std::int64_t failed, std::string state = "succeeded") {
  auto out = run{};
  out.id = 7;
  out.state = std::move(state);
  out.repositories = repositories;
  out.failed = failed;
  out.created_at = at("2024-05-01T03:00:00Z");
  return out;
}

} // namespace

TEST_CASE("model: a nightly run's order is what the settings say unless it says otherwise") {
  const auto usual = run_order{true, "content", {"a/b"}, {}};
  for (const auto* empty : {"", " \n", "{}"}) {
    const auto x = std::get<run_order>(parse_run_order(empty, usual));
    CHECK(x.full);
    CHECK(x.parts == "content");
    CHECK(x.repositories == std::vector<std::string>{"a/b"});
  }
  const auto x = std::get<run_order>(
      parse_run_order(R"({"depth":"incremental","parts":"metadata readme","repositories":["A/*","b/c"]})", usual));
  CHECK_FALSE(x.full);
  CHECK(x.has("readme"));
  CHECK_FALSE(x.has("content"));
  CHECK(x.repositories.size() == 2);
  for (const auto* bad : {R"({"depth":"deep"})", R"({"parts":""})", R"({"parts":"content content"})", R"({"parts":"all"})",
                          R"({"repositories":["a"]})", R"({"repositories":["a/b/c"]})", R"({"repositories":[7]})",
                          R"({"repositories":["/b"]})", "[", "7"}) {
    INFO(bad);
    CHECK_FALSE(wrong_order(bad).empty());
  }
}

TEST_CASE("model: drift is told by its kind") {
  const auto known = state_of_repository{"o", "n", "main", false, false};
  CHECK(drift_between(known, known).empty());
  CHECK(drift_between(known, {"o", "m", "main", false, false}) == std::vector<std::string>{"renamed"});
  CHECK(drift_between(known, {"o", "n", "", false, false}).empty()); // an empty repository has no default branch
  CHECK(drift_between(known, {"p", "n", "trunk", true, true}) ==
        std::vector<std::string>{"renamed", "visibility", "archived", "default_branch"});
}

TEST_CASE("model: a nightly run breaks a rule past its bound, not at it") {
  const auto rules = alert_rules{5, std::chrono::hours{1}};
  const auto now = at("2024-05-01T03:30:00Z");
  CHECK(broken_rules(run_with(100, 5), rules, now).empty());
  CHECK(broken_rules(run_with(100, 6), rules, now) == std::vector<std::string>{"failed_share"});
  CHECK(broken_rules(run_with(100, 6, "running"), rules, now).empty()); // more may come
  CHECK(broken_rules(run_with(0, 0), rules, now).empty());
  CHECK(broken_rules(run_with(1, 1), {0, std::chrono::hours{1}}, now) == std::vector<std::string>{"failed_share"});
  CHECK(broken_rules(run_with(100, 0, "running"), rules, at("2024-05-01T04:00:00Z")).empty());
  CHECK(broken_rules(run_with(100, 0, "running"), rules, at("2024-05-01T04:00:01Z")) == std::vector<std::string>{"too_long"});
  auto over = run_with(100, 0);
  over.finished_at = at("2024-05-01T03:10:00Z");
  CHECK(broken_rules(over, rules, at("2024-05-02T00:00:00Z")).empty());
  CHECK(alert_job(over, "missed").dedupe_key == "nightly_alert:7:missed");
}

TEST_CASE("model: a calendar with jitter has a time due when its moment has come, and looks again for the next") {
  const auto cron = std::get<cron_schedule>(cron_schedule::parse("0 3 * * *", "UTC"));
  const auto jitter = std::chrono::hours{1};
  const auto moment = put_off(at("2024-05-02T03:00:00Z"), jitter, 5);
  const auto before = due_at(cron, jitter, 5, moment - timestamp::duration{1});
  CHECK(before.due == at("2024-05-01T03:00:00Z"));
  CHECK(before.next_look == moment);
  const auto after = due_at(cron, jitter, 5, moment);
  CHECK(after.due == at("2024-05-02T03:00:00Z"));
  CHECK(after.next_look == put_off(at("2024-05-03T03:00:00Z"), jitter, 5));
}

TEST_CASE("model: many repositories are asked for in one query, and read back one by one") {
  using namespace github::api;
  const auto names = std::vector<repository_name>{{"o", "a", ""}, {"o", "b\"c", "dev"}, {"o", "gone", ""}};
  const auto query = graphql_heads(names);
  CHECK(query.find(R"(r1:repository(owner:\"o\",name:\"b\\\"c\"))") != std::string::npos);
  CHECK(query.find(R"(ref(qualifiedName:\"refs/heads/dev\"))") != std::string::npos);
  const auto head = std::string(40, 'a'), dev = std::string(40, 'b');
  const auto body =
      R"({"data":{"rateLimit":{"cost":2},"r0":{"databaseId":7,"name":"a","owner":{"login":"o"},"isPrivate":false,"isArchived":true,)"
      R"("defaultBranchRef":{"name":"main","target":{"oid":")" +
      head +
      R"("}}},)"
      R"("r1":{"databaseId":8,"name":"b","owner":{"login":"o"},"isPrivate":true,"isArchived":false,"defaultBranchRef":null,)"
      R"("ref":{"target":{"oid":")" +
      dev + R"("}}},"r2":null},"errors":[{"type":"NOT_FOUND","message":"x"}]})";
  const auto parsed = parse_heads(body, 3);
  const auto& batch = std::get<head_batch>(parsed);
  CHECK(batch.points == 2);
  REQUIRE(batch.repositories.size() == 3);
  CHECK(batch.repositories[0]->of.archived);
  CHECK(batch.repositories[0]->default_head.hex() == head);
  CHECK_FALSE(batch.repositories[0]->branch_head);
  CHECK(batch.repositories[1]->of.is_private);
  CHECK_FALSE(batch.repositories[1]->default_head);
  CHECK(batch.repositories[1]->branch_head.hex() == dev);
  CHECK_FALSE(batch.repositories[2].has_value());
  CHECK(std::holds_alternative<failure>(parse_heads(R"({"data":{"r0":{"databaseId":0}}})", 1)));
  CHECK(std::holds_alternative<failure>(parse_heads("{}", 1)));
}
