#include "model/compression.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"
#include "tests/support/sql.hpp"

#include <set>

using namespace ingot::testing;

// What the rows must hold is read from the payload here, with another JSON parser and by other rules' writing than the node's.

namespace {

/// A JSON scalar as PostgreSQL prints it; null is "".
std::string shown(const json::value* x) {
  if (x == nullptr || x->is_null())
    return "";
  if (x->is_string())
    return json::value_to<std::string>(*x);
  if (x->is_bool())
    return x->as_bool() ? "t" : "f";
  return json::serialize(*x);
}

const json::value* find(const json::value& x, std::string_view pointer) {
  json::error_code ignored;
  return x.find_pointer(pointer, ignored);
}

std::string shown(const json::value& x, std::string_view pointer) {
  return shown(find(x, pointer));
}

/// `2019-05-15T15:20:33Z`, from text with or without a fraction of zero.
std::string second_of(std::string text) {
  if (auto dot = text.find('.'); dot != std::string::npos)
    text = text.substr(0, dot) + "Z";
  return text;
}

/// Of each object in the array only two members.
json::value pairs(const json::value* entries, json::string_view first, json::string_view second) {
  json::array result;
  if (entries != nullptr && entries->is_array())
    for (const auto& entry : entries->as_array())
      if (entry.is_object() && entry.as_object().contains(first))
        result.push_back(json::object{{first, entry.at(first)}, {second, entry.at(second)}});
  return result;
}

/// The values of `columns` in the one row of `from`, NULL as "".
std::vector<std::string> row_of(sql& db, const std::string& columns, const std::string& from) {
  auto found = db.rows("SELECT " + columns + " FROM " + from);
  REQUIRE(found.size() == 1);
  std::vector<std::string> result;
  for (const auto& field : found[0])
    result.push_back(field.value_or(""));
  return result;
}

std::string at_second(const std::string& column) {
  return "coalesce(to_char(" + column + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')";
}

void check_repository(sql& db, const json::value& payload) {
  auto repository = payload.at("repository");
  auto got = row_of(db,
                    "name, full_name, owner, coalesce(description, ''), is_private, default_branch, html_url, coalesce(language, "
                    "''), stars, forks",
                    "repositories WHERE github_id = " + shown(repository, "/id"));
  std::vector<std::string> wanted;
  for (const char* pointer : {"/name", "/full_name", "/owner/login", "/description", "/private", "/default_branch", "/html_url",
                              "/language", "/stargazers_count", "/forks_count"})
    wanted.push_back(shown(repository, pointer));
  CHECK(got == wanted);
}

std::string of_pull_request(const std::string& table, const json::value& payload, const std::string& number) {
  return table + " WHERE pr_number = " + number +
         " AND repo_id = (SELECT id FROM repositories WHERE github_id = " + shown(payload, "/repository/id") + ")";
}

void check_pull_request(sql& db, const json::value& payload) {
  const auto& pr = payload.at("pull_request");
  bool merged = shown(pr, "/merged") == "t" || shown(pr, "/merged_at") != "";
  auto from = of_pull_request("pull_requests", payload, shown(pr, "/number"));
  auto got =
      row_of(db,
             "title, coalesce(description, ''), author, author_avatar, commit_sha, branch_name, base_branch, pr_url, is_draft, "
             "state, merged, processed, " +
                 at_second("merged_at") + ", " + at_second("closed_at"),
             from);
  std::vector<std::string> wanted;
  for (const char* pointer :
       {"/title", "/body", "/user/login", "/user/avatar_url", "/head/sha", "/head/ref", "/base/ref", "/html_url"})
    wanted.push_back(shown(pr, pointer));
  wanted.push_back(shown(pr, "/draft") == "t" ? "t" : "f");
  wanted.push_back(merged ? "merged" : shown(pr, "/state"));
  wanted.push_back(merged ? "t" : "f");
  wanted.push_back("f");
  wanted.push_back(second_of(shown(pr, "/merged_at")));
  wanted.push_back(second_of(shown(pr, "/closed_at")));
  CHECK(got == wanted);

  auto lists = row_of(db, "labels, assignees, reviewers", from);
  CHECK(json::parse(lists[0]) == pairs(find(pr, "/labels"), "name", "color"));
  CHECK(json::parse(lists[1]) == pairs(find(pr, "/assignees"), "login", "avatar_url"));
  CHECK(json::parse(lists[2]) == pairs(find(pr, "/requested_reviewers"), "login", "avatar_url"));

  if (find(pr, "/additions") != nullptr) {
    auto counts = row_of(db, "additions, deletions, changed_files, commits_count", from);
    CHECK(counts == std::vector<std::string>{shown(pr, "/additions"), shown(pr, "/deletions"), shown(pr, "/changed_files"),
                                             shown(pr, "/commits")});
  }
  // The history holds what was said to change; a first title, a label or a comment is no change.
  static const std::set<std::string> changes{"opened",      "reopened",           "closed",
                                             "synchronize", "converted_to_draft", "ready_for_review"};
  static const std::set<std::string> reviews{"approved", "changes_requested", "dismissed"};
  bool told = find(payload, "/review") != nullptr ? reviews.contains(shown(payload, "/review/state"))
                                                  : changes.contains(shown(payload, "/action"));
  CHECK(row_of(db, "jsonb_array_length(history), cardinality(files_changed)", from) ==
        std::vector<std::string>{told ? "1" : "0", "0"});
}

void check_pipeline_of_pull_request(sql& db, const json::value& payload) {
  const auto& pr = payload.at("pull_request");
  auto got = row_of(db, "commit_sha, author, avatar_url, title, status_build, processed",
                    of_pull_request("pipeline_runs", payload, shown(pr, "/number")));
  CHECK(got == std::vector<std::string>{shown(pr, "/head/sha"), shown(pr, "/user/login"), shown(pr, "/user/avatar_url"),
                                        shown(pr, "/title"), "pending", "f"});
}

std::string status_of(sql& db, const json::value& payload, const std::string& column, const std::string& number) {
  return row_of(db, column, of_pull_request("pipeline_runs", payload, number))[0];
}

std::string build_status(const json::value& run) {
  auto conclusion = shown(run, "/conclusion");
  if (shown(run, "/status") != "completed" || conclusion.empty())
    return "building";
  static const std::set<std::string> good{"success", "neutral", "skipped"};
  return good.contains(conclusion) ? "buildPassed" : "buildFailed";
}

void check_build(sql& db, const json::value& payload, const char* member) {
  const auto& run = payload.at(member);
  auto numbers = run.as_object().contains("pull_requests") ? run.at("pull_requests").as_array() : json::array{};
  CHECK(db.number("SELECT count(*) FROM pull_requests p JOIN repositories r ON r.id = p.repo_id WHERE r.github_id = " +
                  shown(payload, "/repository/id")) == 0);
  for (const auto& entry : numbers) {
    auto number = shown(entry, "/number");
    auto from = of_pull_request("pipeline_runs", payload, number);
    auto got = row_of(db, "commit_sha, status_pr, status_build, status_approval, status_merge, processed", from);
    CHECK(got == std::vector<std::string>{shown(run, "/head_sha"), "pending", build_status(run), "pending", "pending", "f"});
  }
  if (numbers.empty())
    CHECK(db.number("SELECT count(*) FROM pipeline_runs p JOIN repositories r ON r.id = p.repo_id WHERE r.github_id = " +
                    shown(payload, "/repository/id")) == 0);
}

/// The raw body as `deliveries` keeps it.
std::string kept_body(sql& db, const std::string& id) {
  auto row = db.rows("SELECT body_encoding, encode(body, 'hex') FROM deliveries WHERE delivery_id = " + literal(id)).at(0);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < row[1]->size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(row[1]->substr(i, 2), nullptr, 16)));
  return row[0] == "1" ? ingot::decompress(bytes, 25 * 1024 * 1024) : bytes;
}

void check_rows(sql& db, const std::string& event, const json::value& payload) {
  auto action = shown(payload, "/action");
  if (payload.as_object().contains("repository"))
    check_repository(db, payload);
  if (event == "pull_request") {
    check_pull_request(db, payload);
    check_pipeline_of_pull_request(db, payload);
    auto number = shown(payload, "/pull_request/number");
    if (action == "opened")
      CHECK(status_of(db, payload, "status_pr", number) == "opened");
    if (action == "synchronize")
      CHECK(status_of(db, payload, "status_pr", number) == "updated");
    if (action == "closed") {
      bool merged = shown(payload, "/pull_request/merged") == "t";
      CHECK(status_of(db, payload, "status_pr", number) == "closed");
      CHECK(status_of(db, payload, "status_merge", number) == (merged ? "merged" : "closed"));
    }
    auto open = shown(payload, "/pull_request/state") == "open" ? "1" : "0";
    CHECK(row_of(db, "open_prs, total_prs", "repositories WHERE github_id = " + shown(payload, "/repository/id")) ==
          std::vector<std::string>{open, "1"});
    CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'pull_request_files' AND payload::text LIKE '%" +
                    shown(payload, "/repository/id") + "%'") == 1);
  }
  if (event == "pull_request_review") {
    check_pull_request(db, payload);
    auto state = shown(payload, "/review/state");
    auto wanted = state == "approved" || state == "changes_requested" ? state : "pending";
    CHECK(status_of(db, payload, "status_approval", shown(payload, "/pull_request/number")) == wanted);
  }
  for (const char* build : {"check_run", "check_suite", "workflow_run", "workflow_job"})
    if (event == build)
      check_build(db, payload, build);
}

} // namespace

TEST_CASE("every recorded payload is accepted as it was delivered, and kept byte for byte") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  static const std::set<std::string> handled{"ping",
                                             "pull_request",
                                             "pull_request_review",
                                             "push",
                                             "workflow_run",
                                             "workflow_job",
                                             "check_run",
                                             "check_suite",
                                             "status",
                                             "repository",
                                             "release",
                                             "deployment_status",
                                             "create",
                                             "delete",
                                             "installation",
                                             "installation_repositories"};
  for (const auto& one : all_samples()) {
    INFO(one.event << "/" << one.name);
    auto id = new_delivery_id();
    auto answer = deliver(client, one.event, id, one.body);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    auto status = json::parse(answer.body).at("status").as_string();
    CHECK(status == (handled.contains(one.event) ? "stored" : "ignored"));
    CHECK(db.text("SELECT outcome || ' ' || event || ' ' || body_bytes FROM deliveries WHERE delivery_id = " + literal(id)) ==
          std::string{status} + " " + one.event + " " + std::to_string(one.body.size()));
    CHECK(kept_body(db, id) == one.body);
  }
  CHECK(db.number("SELECT count(*) FROM deliveries WHERE outcome = 'failed'") == 0);
}

TEST_CASE("every recorded payload leaves the rows that its content says") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  std::int64_t repository = 910'000'000;
  for (const auto& one : all_samples()) {
    INFO(one.event << "/" << one.name);
    auto payload = json::parse(one.body);
    // A repository of its own for each, so that one sample's rows do not hide another's.
    ++repository;
    if (payload.is_object() && payload.as_object().contains("repository") && payload.at("repository").is_object() &&
        payload.at("repository").as_object().contains("owner")) {
      move_to_repository(payload, repository, "golden/sample-" + std::to_string(repository));
      for (const char* member : {"check_run", "check_suite", "workflow_run"})
        if (one.event == member)
          for (auto& entry : payload.at(member).at("pull_requests").as_array())
            set(entry, "/base/repo/id", repository);
    }
    auto answer = deliver(client, one.event, new_delivery_id(), payload);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    if (json::parse(answer.body).at("status").as_string() == "stored")
      check_rows(db, one.event, payload);
    else
      CHECK(db.number("SELECT count(*) FROM repositories WHERE github_id = " + std::to_string(repository)) == 0);
  }
}

TEST_CASE("a file list in the payload is stored whole and asks for no job, and without one nothing is invented") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  auto payload = sample_of("pull_request", "opened-1");
  const auto files =
      json::parse(R"([{"filename":"a \"b\".cpp","status":"added","additions":2,"deletions":0,"changes":2,"patch":"@@\n+{}\\"},
                                     {"filename":"ü.txt","status":"removed","additions":0,"deletions":1,"changes":1,"patch":null}])");
  move_to_repository(payload, 920'000'001, "files/carried");
  payload.as_object()["files_changed"] = files;
  REQUIRE(deliver(client, "pull_request", new_delivery_id(), payload).status == 200);
  CHECK(json::parse(db.text("SELECT to_jsonb(files_changed) FROM pull_requests")) == files);
  CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'pull_request_files'") == 0);

  // The next state of the same head says nothing of files: the row keeps what it has.
  payload.as_object().erase("files_changed");
  set(payload, "/action", "labeled");
  set(payload, "/pull_request/updated_at", "2031-01-01T00:00:00Z");
  set(payload, "/pull_request/title", "a later title");
  REQUIRE(deliver(client, "pull_request", new_delivery_id(), payload).status == 200);
  CHECK(db.text("SELECT title FROM pull_requests") == "a later title");
  CHECK(json::parse(db.text("SELECT to_jsonb(files_changed) FROM pull_requests")) == files);

  // A new head without a list needs one fetched: one job, however often it is said.
  set(payload, "/pull_request/head/sha", json::string(40, 'c'));
  set(payload, "/action", "synchronize");
  for (const char* at : {"2031-01-02T00:00:00Z", "2031-01-03T00:00:00Z"}) {
    set(payload, "/pull_request/updated_at", at);
    REQUIRE(deliver(client, "pull_request", new_delivery_id(), payload).status == 200);
  }
  CHECK(db.number("SELECT count(*) FROM jobs WHERE kind = 'pull_request_files'") == 1);
}

TEST_CASE("a build ahead of its pull request makes the pipeline row, and the pull request completes it") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  auto pull_request = sample_of("pull_request", "opened-1");
  auto check_run = sample_of("check_run", "completed-2");
  auto sha = shown(pull_request, "/pull_request/head/sha");
  move_to_repository(pull_request, 920'000'002, "early/bird");
  move_to_repository(check_run, 920'000'002, "early/bird");
  set(check_run, "/check_run/head_sha", json::string{sha});
  for (auto& entry : check_run.at("check_run").at("pull_requests").as_array()) {
    set(entry, "/base/repo/id", 920'000'002);
    set(entry, "/number", pull_request.at("pull_request").at("number"));
  }
  REQUIRE(deliver(client, "check_run", new_delivery_id(), check_run).status == 200);
  CHECK(db.text("SELECT status_build FROM pipeline_runs") == "buildPassed");
  CHECK(db.number("SELECT count(*) FROM pull_requests") == 0);
  REQUIRE(deliver(client, "pull_request", new_delivery_id(), pull_request).status == 200);
  CHECK(row_of(db, "status_pr, status_build, title, author, commit_sha", "pipeline_runs") ==
        std::vector<std::string>{"opened", "buildPassed", shown(pull_request, "/pull_request/title"),
                                 shown(pull_request, "/pull_request/user/login"), sha});
}

TEST_CASE("status and workflow_job find their pull request by its head, whichever comes first") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  std::int64_t repository = 920'000'100;
  for (const char* event : {"status", "workflow_job"})
    for (bool build_first : {false, true}) {
      ++repository;
      auto name = "by-sha/r" + std::to_string(repository);
      auto pull_request = example_of("pull_request");
      auto build = example_of(event);
      move_to_repository(pull_request, repository, name);
      move_to_repository(build, repository, name);
      INFO(event << " first: " << build_first);
      if (build_first)
        REQUIRE(deliver(client, event, new_delivery_id(), build).status == 200);
      REQUIRE(deliver(client, "pull_request", new_delivery_id(), pull_request).status == 200);
      if (!build_first)
        REQUIRE(deliver(client, event, new_delivery_id(), build).status == 200);
      CHECK(status_of(db, build, "status_build", "5") == (event == std::string{"status"} ? "buildPassed" : "buildFailed"));
    }
}

TEST_CASE("a rename changes one row, and a name that another repository takes over does not collide") {
  node running;
  auto client = running.client();
  sql db{running.database_url()};
  auto say = [&](std::int64_t id, const char* name, const char* at) {
    auto payload = example_of("repository");
    move_to_repository(payload, id, name);
    set(payload, "/repository/updated_at", at);
    auto answer = deliver(client, "repository", new_delivery_id(), payload);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
  };
  say(31, "org/old", "2024-01-01T00:00:00Z");
  say(31, "org/new", "2024-01-02T00:00:00Z");
  CHECK(db.text("SELECT string_agg(full_name, ' ') FROM repositories") == "org/new");
  say(32, "org/old", "2024-01-03T00:00:00Z");
  CHECK(db.text("SELECT string_agg(github_id || '=' || full_name, ' ' ORDER BY github_id) FROM repositories") ==
        "31=org/new 32=org/old");
  // 33 takes the name that 31 still has here: its rename has not been heard of yet.
  say(33, "org/new", "2024-01-04T00:00:00Z");
  CHECK(db.text("SELECT full_name FROM repositories WHERE github_id = 33") == "org/new");
  CHECK(db.number("SELECT count(*) FROM repositories") == 3);
  say(31, "org/newest", "2024-01-03T12:00:00Z");
  CHECK(db.text("SELECT full_name FROM repositories WHERE github_id = 31") == "org/newest");
}
