#include "tests/model/webhook_payloads.hpp"

#include <simdjson.h>

using namespace ingot;
using namespace ingot::github;
using namespace ingot::testing;

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

TEST_CASE("a push to a branch says where it was, where it is and with which tree, and a tag or half of it is no such news") {
  const auto push = [](const std::string& members) {
    return std::get<repository_event>(parsed("push", "{" + members + "," + repository + "}").fact).push;
  };
  const auto before = std::string(40, 'a'), after = std::string(40, 'b'), tree = std::string(40, 'c');
  const auto said = [&](const std::string& ref, const std::string& head) {
    return R"("ref":")" + ref + R"(","before":")" + before + R"(","after":")" + after + R"(","head_commit":)" + head;
  };
  const auto head = R"({"id":")" + after + R"(","tree_id":")" + tree + R"("})";
  const auto news = push(said("refs/heads/a/b", head));
  REQUIRE(news);
  CHECK(news->branch == "a/b");
  CHECK(news->before.hex() == before);
  CHECK(news->after.hex() == after);
  CHECK(news->tree.hex() == tree);
  CHECK_FALSE(push(said("refs/heads/main", "null"))->tree);
  CHECK_FALSE(push(said("refs/heads/main", R"({"id":")" + before + R"(","tree_id":")" + tree + R"("})"))->tree);
  CHECK_FALSE(push(said("refs/tags/v1", head)));
  CHECK_FALSE(push(R"("ref":"refs/heads/main")"));
  CHECK_FALSE(push(R"("ref":"refs/heads/main","after":"abc")"));
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
