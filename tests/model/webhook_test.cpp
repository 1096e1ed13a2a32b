#include "model/github/webhook.hpp"

#include "tests/model/recorded.hpp"

#include <set>
#include <simdjson.h>

using namespace ingot;
using namespace ingot::github;
using ingot::testing::all_recorded;
using ingot::testing::recorded;

namespace {

event parsed(std::string_view name, std::string_view body, body_format format = body_format::json) {
  auto result = parse_webhook(name, format, body);
  if (const auto* wrong = std::get_if<failure>(&result)) {
    std::string all = wrong->message;
    for (const auto& detail : wrong->details)
      all += "; " + detail.pointer + ": " + detail.message;
    throw std::runtime_error(all);
  }
  return std::get<event>(std::move(result));
}

failure refused(std::string_view name, std::string_view body, body_format format = body_format::json) {
  auto result = parse_webhook(name, format, body);
  REQUIRE(std::holds_alternative<failure>(result));
  return std::get<failure>(std::move(result));
}

std::set<std::string> places(const failure& x) {
  std::set<std::string> out;
  for (const auto& detail : x.details)
    out.insert(detail.pointer);
  return out;
}

/// `text` with the first `from` replaced.
std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string repository = R"("repository":{"id":42,"name":"app","full_name":"acme/app","private":true,
  "owner":{"login":"acme"},"description":null,"language":"C++","archived":false,"default_branch":"main",
  "html_url":"https://github.example/acme/app","stargazers_count":3,"forks":2,"forks_count":1,
  "updated_at":"2024-05-01T09:00:00Z","pushed_at":1714554000},"installation":{"id":77},"sender":{"login":"ann","avatar_url":"a"})";

const std::string pull_request = R"({"action":"opened","number":7,"pull_request":{"number":7,"title":"Add \"it\"","body":null,
  "user":{"login":"bob","avatar_url":"https://avatars.example/b"},"html_url":"https://github.example/acme/app/pull/7",
  "head":{"sha":"ABCDEF0123456789abcdef0123456789abcdef01","ref":"feature"},"base":{"sha":"0","ref":"main"},
  "labels":[{"id":1,"color":"f00","name":"a \"b\""},{"name":null},5,{"name":"c","color":null}],
  "assignees":[{"login":"cy","avatar_url":"u"}],"requested_reviewers":[{"name":"a team","slug":"t"},{"login":"di"}],
  "draft":true,"state":"open","merged":false,"merged_at":null,"closed_at":null,"updated_at":"2024-05-01T10:00:00Z",
  "additions":1,"deletions":2,"changed_files":3,"commits":4},)" +
                                 repository + "}";

std::string build(std::string_view kind, std::string_view members) {
  return R"({"action":"completed",")" + std::string(kind) +
         R"(":{"id":9,"name":"CI","head_sha":"0123456789012345678901234567890123456789",)" + std::string(members) + "}," +
         repository + "}";
}

build_event built(std::string_view kind, std::string_view members) {
  return std::get<build_event>(parsed(kind, build(kind, members)).fact);
}

} // namespace

TEST_CASE("every recorded delivery is read, and exactly the understood events become facts") {
  const std::set<std::string> understood = {"check_run",
                                            "check_suite",
                                            "create",
                                            "delete",
                                            "deployment_status",
                                            "installation",
                                            "installation_repositories",
                                            "ping",
                                            "pull_request",
                                            "push",
                                            "release",
                                            "repository",
                                            "status",
                                            "workflow_job",
                                            "pull_request_review",
                                            "workflow_run"};
  for (const auto& x : all_recorded()) {
    CAPTURE(x.event, x.file);
    const auto result = parse_webhook(x.event, body_format::json, x.body);
    REQUIRE(std::holds_alternative<event>(result));
    const auto& read = std::get<event>(result);
    CHECK(read.name == x.event);
    CHECK(read.ignored() == (understood.count(x.event) == 0));
    simdjson::dom::parser parser;
    CHECK(read.repository.has_value() == (parser.parse(x.body)["repository"].error() == simdjson::SUCCESS));
    if (!read.ignored() && x.event != "ping")
      CHECK(read.occurred_at);
  }
}

TEST_CASE("a pull request is read with everything that readers see") {
  const auto x = parsed("pull_request", pull_request);
  CHECK(x.action == "opened");
  CHECK(x.installation_id == 77);
  const auto& pr = std::get<pull_request_event>(x.fact).pull_request;
  CHECK(pr.number == 7);
  CHECK(pr.title == "Add \"it\"");
  CHECK_FALSE(pr.description);
  CHECK(pr.author.login == "bob");
  CHECK(pr.author.avatar_url == "https://avatars.example/b");
  CHECK(pr.head_sha == "abcdef0123456789abcdef0123456789abcdef01");
  CHECK(pr.head_ref == "feature");
  CHECK(pr.base_ref == "main");
  CHECK(pr.labels == R"([{"name":"a \"b\"","color":"f00"},{"name":"c","color":""}])");
  CHECK(pr.assignees == R"([{"login":"cy","avatar_url":"u"}])");
  CHECK(pr.reviewers == R"([{"login":"di","avatar_url":""}])");
  CHECK(pr.is_draft);
  CHECK_FALSE(pr.closed);
  CHECK_FALSE(pr.merged);
  CHECK(to_rfc3339(pr.updated_at) == "2024-05-01T10:00:00Z");
  REQUIRE(pr.counts);
  CHECK(pr.counts->changed_files == 3);
  CHECK(pr.counts->commits == 4);
  CHECK_FALSE(pr.files_changed);
  CHECK(x.occurred_at == pr.updated_at);
}

TEST_CASE("a repository is read in full, null told apart from not said") {
  const auto r = parsed("pull_request", pull_request).repository.value();
  CHECK(r.id == 42);
  CHECK(r.full_name == "acme/app");
  CHECK(r.owner == "acme");
  CHECK(r.description == "");
  CHECK(r.language == "C++");
  CHECK(r.is_private == true);
  CHECK(r.default_branch == "main");
  CHECK(r.stars == 3);
  CHECK(r.forks == 1);
  CHECK(to_rfc3339(r.updated_at.value()) == "2024-05-01T09:00:00Z");
  CHECK(to_rfc3339(r.pushed_at.value()) == "2024-05-01T09:00:00Z");
}

TEST_CASE("a repository without its time is a minimal mention that says only who it is") {
  const auto r =
      parsed("push", R"({"repository":{"id":1,"full_name":"o/n","description":"x","owner":{"name":"olga"}}})").repository.value();
  CHECK(r.name == "n");
  CHECK(r.owner == "olga");
  CHECK_FALSE(r.description);
  CHECK_FALSE(r.updated_at);
}

TEST_CASE("a merged pull request shows by its flag or, in reviews, by its time") {
  const auto pr_of = [](const std::string& body) {
    return std::get<pull_request_event>(parsed("pull_request", body).fact).pull_request;
  };
  const auto closed = with(pull_request, R"("state":"open")", R"("state":"closed")");
  CHECK(pr_of(closed).closed);
  CHECK_FALSE(pr_of(closed).merged);
  CHECK(pr_of(with(closed, R"("merged":false)", R"("merged":true)")).merged);
  const auto timed = with(with(closed, R"("merged":false,)", ""), R"("merged_at":null)", R"("merged_at":"2024-05-01T10:00:00Z")");
  CHECK(pr_of(timed).merged);
  CHECK(pr_of(timed).merged_at);
}

TEST_CASE("a list of changed files is kept whole, and their count is no list") {
  const auto files_of = [](const std::string& body) {
    return std::get<pull_request_event>(parsed("pull_request", body).fact).pull_request.files_changed;
  };
  const std::string list = R"([{"filename":"a.cpp","patch":"@@ \"x\"\n","changes":2}, 1.5, null])";
  const std::string minified = R"([{"filename":"a.cpp","patch":"@@ \"x\"\n","changes":2},1.5,null])";
  CHECK_FALSE(files_of(pull_request));
  CHECK(files_of(with(pull_request, R"("number":7,)", R"("files_changed":)" + list + ",")) == minified);
  CHECK(files_of(with(pull_request, R"("draft":true,)", R"("files_changed":)" + list + ",")) == minified);
  CHECK(files_of(with(pull_request, R"("draft":true,)", R"("files_changed":[],)")) == "[]");
  CHECK_FALSE(files_of(with(pull_request, R"("draft":true,)", R"("files_changed":3,)")));
}

TEST_CASE("counts are taken only when all four came") {
  const auto x = parsed("pull_request", with(pull_request, R"("commits":4)", R"("commits":null)"));
  CHECK_FALSE(std::get<pull_request_event>(x.fact).pull_request.counts);
}

TEST_CASE("a count that its column cannot hold is not taken") {
  const auto x = parsed("pull_request", with(with(pull_request, R"("additions":1)", R"("additions":2147483648)"),
                                             R"("stargazers_count":3)", R"("stargazers_count":-1)"));
  CHECK_FALSE(std::get<pull_request_event>(x.fact).pull_request.counts);
  CHECK_FALSE(x.repository->stars);
}

TEST_CASE("a deleted user becomes ghost") {
  const auto body = with(pull_request, R"({"login":"bob","avatar_url":"https://avatars.example/b"})", "null");
  CHECK(std::get<pull_request_event>(parsed("pull_request", body).fact).pull_request.author.login == "ghost");
}

TEST_CASE("a review carries its state, its reviewer and the time of what happened") {
  const auto review = [](std::string_view action, std::string_view state) {
    auto body = with(pull_request, R"("opened")", '"' + std::string(action) + '"');
    body = with(body, R"("number":7,)",
                R"("review":{"id":5,"state":")" + std::string(state) +
                    R"(","user":{"login":"eve"},"submitted_at":"2024-05-01T09:59:00Z"},)");
    const auto x = parsed("pull_request_review", body);
    CHECK(x.occurred_at == std::get<review_event>(x.fact).at);
    return std::get<review_event>(x.fact);
  };
  CHECK(review("submitted", "APPROVED").state == "approved");
  CHECK(review("submitted", "changes_requested").reviewer.login == "eve");
  CHECK(review("submitted", "commented").source == "review 5");
  CHECK(to_rfc3339(review("edited", "approved").at) == "2024-05-01T09:59:00Z");
  CHECK(review("dismissed", "approved").state == "dismissed");
  CHECK(to_rfc3339(review("dismissed", "dismissed").at) == "2024-05-01T10:00:00Z");
  CHECK(review("submitted", "approved").pull_request.number == 7);
}

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

TEST_CASE("a push happened when its head commit says, else when the repository was pushed") {
  const auto push = [](std::string_view head) {
    return parsed("push", R"({"head_commit":)" + std::string(head) + "," + repository + "}");
  };
  CHECK(to_rfc3339(push(R"({"timestamp":"2024-05-01T12:00:00+02:00"})").occurred_at.value()) == "2024-05-01T10:00:00Z");
  CHECK(to_rfc3339(push("null").occurred_at.value()) == "2024-05-01T09:00:00Z");
  CHECK(std::get<repository_event>(push("null").fact).rank == 0);
}

TEST_CASE("what happens to a repository is ranked") {
  const auto change = [](std::string_view action) {
    return std::get<repository_event>(
        parsed("repository", R"({"action":")" + std::string(action) + "\"," + repository + "}").fact);
  };
  CHECK(change("edited").rank == 1);
  CHECK(change("renamed").rank == 2);
  CHECK(change("transferred").rank == 3);
  CHECK(change("deleted").rank == 4);
  CHECK(change("deleted").deleted);
  CHECK_FALSE(change("archived").deleted);
}

TEST_CASE("a ping without a repository is ignored, one with it mentions it") {
  CHECK(parsed("ping", R"({"zen":"Keep it logically awesome.","hook_id":1})").ignored());
  CHECK_FALSE(parsed("ping", "{" + repository + "}").ignored());
}

TEST_CASE("an installation is read with its repositories") {
  const std::string body = R"({"action":"created","installation":{"id":77,"account":{"login":"acme","id":5,"type":"Organization"},
    "app_id":3,"repository_selection":"selected","updated_at":1557933591,"suspended_at":null},
    "repositories":[{"id":42,"name":"app","full_name":"acme/app","private":true}]})";
  const auto x = parsed("installation", body);
  CHECK_FALSE(x.repository);
  CHECK(x.installation_id == 77);
  const auto fact = std::get<installation_event>(x.fact);
  CHECK(fact.id == 77);
  CHECK(fact.account == "acme");
  CHECK(fact.account_id == 5);
  CHECK(fact.account_type == "Organization");
  CHECK(fact.app_id == 3);
  CHECK(fact.repository_selection == "selected");
  CHECK(to_rfc3339(fact.updated_at) == "2019-05-15T15:19:51Z");
  REQUIRE(fact.added.size() == 1);
  CHECK(fact.added[0].owner == "acme");
  CHECK(fact.added[0].is_private == true);
  CHECK_FALSE(fact.added[0].updated_at);
  const auto of = [&](std::string_view action, std::string_view suspended) {
    return std::get<installation_event>(parsed("installation", with(with(body, "created", action), "null", suspended)).fact);
  };
  CHECK(of("deleted", "null").deleted);
  CHECK(of("deleted", "null").removed.size() == 1);
  CHECK(of("suspend", "\"2024-05-01T10:00:00Z\"").suspended);
  CHECK(of("new_permissions_accepted", "\"2024-05-01T10:00:00Z\"").suspended);
  CHECK_FALSE(of("unsuspend", "null").suspended);
  const auto missing = refused("installation", with(body, R"("id":42,)", ""));
  CHECK(places(missing) == std::set<std::string>{"/repositories/0/id"});
}

TEST_CASE("repositories added to and removed from an installation are listed") {
  const auto x =
      parsed("installation_repositories", R"({"action":"removed","installation":{"id":77,"account":{"login":"acme","id":5},
    "updated_at":"2021-04-28T22:32:50.000-04:00"},"repositories_added":[],"repositories_removed":[{"id":1,"full_name":"acme/a"},{"id":2,"full_name":"acme/b"}]})");
  const auto& fact = std::get<installation_event>(x.fact);
  CHECK(fact.added.empty());
  CHECK(fact.removed.size() == 2);
  CHECK_FALSE(fact.deleted);
}

TEST_CASE("recorded deliveries are read with the values that they carry") {
  if (const auto body = recorded("pull_request/closed-1"); !body.empty()) {
    const auto x = parsed("pull_request", body);
    const auto& pr = std::get<pull_request_event>(x.fact).pull_request;
    CHECK(pr.title == "Update the README with new information.");
    CHECK(pr.head_sha == "ec26c3e57ca3a959ca5aad62de7213c562f8c821");
    CHECK(pr.labels == R"([{"name":"bug","color":"d73a4a"}])");
    CHECK(pr.closed);
    CHECK_FALSE(pr.merged);
    CHECK(pr.counts->additions == 1);
    CHECK(x.repository->language == "Ruby");
    CHECK(x.installation_id == 1);
  }
  if (const auto body = recorded("check_run/completed-1"); !body.empty()) {
    const auto fact = std::get<build_event>(parsed("check_run", body).fact);
    CHECK(fact.status == build_status::failed);
    CHECK(fact.pull_requests == std::vector<std::int64_t>{2});
    CHECK(fact.source == "check_run 128620228 Octocoders-linter");
  }
  if (const auto body = recorded("workflow_run/requested-2"); !body.empty()) {
    const auto fact = std::get<build_event>(parsed("workflow_run", body).fact);
    CHECK(fact.source == "workflow_run 289782451");
    CHECK(fact.title->starts_with("ci(action): update actions/setup-node digest"));
  }
  if (const auto body = recorded("push/event-4"); !body.empty())
    CHECK(to_rfc3339(parsed("push", body).occurred_at.value()) == "2019-05-15T15:20:57Z");
  if (const auto body = recorded("installation/suspend-1"); !body.empty())
    CHECK(std::get<installation_event>(parsed("installation", body).fact).suspended);
}

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
