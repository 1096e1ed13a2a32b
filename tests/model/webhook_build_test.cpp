#include "tests/model/webhook_payloads.hpp"

using namespace ingot;
using namespace ingot::github;
using namespace ingot::testing;

TEST_CASE("every status and conclusion of a build has its meaning") {
  const auto [progress, status, completed, started] = GENERATE(table<const char*, build_status, bool, bool>({
      {R"("status":"queued","conclusion":null)", build_status::building, false, false},
      {R"("status":"requested","conclusion":null)", build_status::building, false, false},
      {R"("status":"waiting","conclusion":null)", build_status::building, false, false},
      {R"("status":"pending","conclusion":null)", build_status::building, false, false},
      {R"("status":"in_progress","conclusion":null)", build_status::building, false, true},
      {R"("status":"completed","conclusion":"success")", build_status::passed, true, false},
      {R"("status":"completed","conclusion":"neutral")", build_status::passed, true, false},
      {R"("status":"completed","conclusion":"skipped")", build_status::passed, true, false},
      {R"("status":"completed","conclusion":"failure")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"timed_out")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"cancelled")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"action_required")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"startup_failure")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"stale")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":"a new word")", build_status::failed, true, false},
      {R"("status":"completed","conclusion":null)", build_status::building, false, false},
      {R"("status":null,"conclusion":null)", build_status::building, false, false},
  }));
  CAPTURE(progress);
  const auto x = built("check_suite", std::string(progress) + R"(,"updated_at":"2024-05-01T10:00:00Z")");
  CHECK(x.status == status);
  CHECK(x.completed == completed);
  CHECK(x.started == started);
  CHECK_FALSE(x.deployment);
}

TEST_CASE("a workflow run names its pull requests of this repository, its actor and its title") {
  const std::string rest = R"("status":"in_progress","conclusion":null,"updated_at":"2024-05-01T10:00:00Z",
    "actor":{"login":"kim","avatar_url":"k"},"display_title":"Fix the build","head_commit":{"message":"other"},
    "pull_requests":[{"number":3,"base":{"repo":{"id":42}}},{"number":4,"base":{"repo":{"id":43}}},{"number":5},{"number":3},{"number":-1},7])";
  const auto x = built("workflow_run", rest);
  CHECK(x.pull_requests == std::vector<std::int64_t>{3, 5});
  CHECK(x.head_sha == "0123456789012345678901234567890123456789");
  CHECK(x.source == "workflow_run 9 CI");
  CHECK(x.actor.login == "kim");
  CHECK(x.title == "Fix the build");
  CHECK(to_rfc3339(x.at) == "2024-05-01T10:00:00Z");
  const auto untitled =
      built("workflow_run", with(with(rest, R"("display_title":"Fix the build",)", ""), "other", "first\\nsecond"));
  CHECK(untitled.title == "first");
}

TEST_CASE("a check run is timed by its completion, else by its start") {
  const std::string started =
      R"("status":"completed","conclusion":"success","started_at":"2024-05-01T10:00:00Z","completed_at":)";
  CHECK(to_rfc3339(built("check_run", started + R"("2024-05-01T10:05:00Z")").at) == "2024-05-01T10:05:00Z");
  CHECK(to_rfc3339(built("check_run", started + "null").at) == "2024-05-01T10:00:00Z");
  CHECK(built("check_run", started + "null").actor.login == "ann");
  CHECK_FALSE(built("check_run", started + "null").title);
}

TEST_CASE("a workflow job is found by its commit and timed by its completion, start or creation") {
  const std::string created = R"("status":"queued","created_at":"2024-05-01T10:00:00Z","pull_requests":[{"number":1}])";
  CHECK(to_rfc3339(built("workflow_job", created).at) == "2024-05-01T10:00:00Z");
  CHECK(built("workflow_job", created).pull_requests.empty());
  const auto later = R"("started_at":"2024-05-01T10:01:00Z",)" + created;
  CHECK(to_rfc3339(built("workflow_job", later).at) == "2024-05-01T10:01:00Z");
  CHECK(to_rfc3339(built("workflow_job", R"("completed_at":"2024-05-01T10:02:00Z",)" + later).at) == "2024-05-01T10:02:00Z");
}

TEST_CASE("a commit status is a build of its commit") {
  const auto status = [](std::string_view state) {
    return std::get<build_event>(
        parsed("status", R"({"id":11,"sha":"0123456789012345678901234567890123456789","context":"ci/x","state":")" +
                             std::string(state) + R"(","updated_at":"2024-05-01T10:00:00+00:00",)" + repository + "}")
            .fact);
  };
  CHECK(status("success").status == build_status::passed);
  CHECK(status("success").completed);
  CHECK(status("success").source == "status 11 ci/x");
  CHECK(status("success").pull_requests.empty());
  CHECK(status("pending").status == build_status::building);
  CHECK_FALSE(status("pending").completed);
  CHECK(status("failure").status == build_status::failed);
  CHECK(status("error").status == build_status::failed);
  CHECK(status("error").completed);
}

TEST_CASE("a deployment's state is a history entry of its commit") {
  const auto x =
      parsed("deployment_status",
             R"({"deployment_status":{"id":8,"state":"failure","environment":"prod","updated_at":"2024-05-01T10:00:00Z"},
      "deployment":{"sha":"0123456789012345678901234567890123456789"},)" +
                 repository + "}");
  const auto& fact = std::get<build_event>(x.fact);
  CHECK(fact.deployment);
  CHECK(fact.label == "failure");
  CHECK(fact.status == build_status::failed);
  CHECK(fact.completed);
  CHECK(fact.source == "deployment_status 8 prod");
}

TEST_CASE("law 5: what a build is called never grows its source without limit") {
  const auto body =
      with(build("check_run", R"("status":"queued","started_at":"2024-05-01T10:00:00Z")"), "CI", std::string(100'000, 'x'));
  CHECK(std::get<build_event>(parsed("check_run", body).fact).source.size() < 300);
}
