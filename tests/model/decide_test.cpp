#include "tests/model/decide_events.hpp"
#include "tests/model/decide_rows.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::github;
using namespace ingot::github::test;

namespace {

tables after(const std::vector<event>& events) {
  auto rows = tables{};
  auto n = 0;
  for (const auto& x : events)
    apply(rows, {{"d" + std::to_string(n++), x}});
  return rows;
}

pull_request_snapshot& said(event& x) {
  return std::get<pull_request_event>(x.fact).pull_request;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

TEST_CASE("an opened pull request makes its repository, its row and its pipeline") {
  auto rows = tables{};
  const auto changes = apply(rows, {{"d1", pull_request("opened", 5, 0, sha(1))}});
  CHECK(rows.repository.full_name == "octo/hello");
  CHECK(rows.open_prs == 1);
  CHECK(rows.total_prs == 1);
  CHECK(rows.installation_id == 99);
  CHECK(rows.last_activity == at(0));
  const auto& row = rows.pull_requests.at(5);
  CHECK(row.state == "open");
  CHECK(row.columns.title == "Say hello");
  CHECK(row.counts->commits == 4);
  CHECK(row.files_changed.empty());
  CHECK(row.commit_urls == "[\"https://github.com/octo/hello/commit/" + sha(1) + "\"]");
  CHECK(row.history == R"([{"at":"2024-05-01T10:00:00Z","field":"state","value":"opened","source":"pull_request opened",)"
                       R"("by":"mona","sha":")" +
                           sha(1) + R"(","delivery":"d1"}])");
  const auto& pipeline = rows.pipelines.at(5);
  CHECK(pipeline.commit_sha == sha(1));
  CHECK(pipeline.author == "mona");
  CHECK(pipeline.title == "Say hello");
  CHECK(pipeline.status_pr == "opened");
  CHECK(pipeline.status_build == "pending");
  CHECK(pipeline.status_approval == "pending");
  CHECK(pipeline.status_merge == "pending");
  CHECK(count(pipeline.history, "\"field\"") == 1);
  REQUIRE(changes.jobs.size() == 1);
  CHECK(changes.jobs[0].kind == "pull_request_files");
  CHECK(changes.jobs[0].key == "github/repository/7");
  CHECK(changes.jobs[0].dedupe_key == "pull_request_files:7:5:" + sha(1));
  CHECK(changes.jobs[0].payload ==
        R"({"repository_id":7,"repository":"octo/hello","number":5,"head_sha":")" + sha(1) + R"(","installation_id":99})");
}

TEST_CASE("the list of files is asked for once for every head, and never made up") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), pull_request("labeled", 5, 1, sha(1)),
                     pull_request("synchronize", 5, 2, sha(2)), pull_request("edited", 5, 1, sha(3)), // stale
                     review("approved", 5, 3, sha(2))});
  CHECK(rows.jobs.size() == 2);
  CHECK(rows.jobs.contains("pull_request_files:7:5:" + sha(2)));
  CHECK(rows.pull_requests.at(5).files_changed.empty());
}

TEST_CASE("a list of files in the payload is stored, asks for nothing, and stays until a newer one comes") {
  auto opened = pull_request("opened", 5, 0, sha(1)), newer = pull_request("synchronize", 5, 9, sha(2));
  said(opened).files_changed = R"([{"filename":"a.txt"}])";
  said(newer).files_changed = R"([{"filename":"b.txt"}])";
  auto rows = after({opened, pull_request("labeled", 5, 1, sha(1))});
  CHECK(rows.jobs.empty());
  CHECK(rows.pull_requests.at(5).files_changed == R"([{"filename":"a.txt"}])");
  apply(rows, {{"e1", newer}});
  apply(rows, {{"e2", opened}});
  CHECK(rows.pull_requests.at(5).files_changed == R"([{"filename":"b.txt"}])");
  CHECK(rows.jobs.empty());
}

TEST_CASE("law 4: a stale event changes no state, and is noted in the history where it belongs") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), pull_request("closed", 5, 50, sha(1))});
  auto late = pull_request("reopened", 5, 10, sha(1));
  said(late).title = "An older title";
  const auto before = rows;
  apply(rows, {{"late", late}});
  const auto& row = rows.pull_requests.at(5);
  CHECK(row.state == "closed");
  CHECK(row.columns.title == "Say hello");
  CHECK(rows.pipelines.at(5).status_pr == "closed");
  CHECK(rows.open_prs == before.open_prs);
  CHECK(row.history.find("\"reopened\"") > row.history.find("\"opened\""));
  CHECK(row.history.find("\"reopened\"") < row.history.find("\"closed\""));
  auto stale = pull_request("labeled", 5, 10, sha(1));
  rows.process_all();
  const auto known = rows.pull_requests.at(5);
  apply(rows, {{"stale", stale}});
  CHECK(rows.pull_requests.at(5).processed);
  CHECK(rows.pull_requests.at(5).facts == known.facts);
}

TEST_CASE("at equal times merged beats reopened, reopened beats closed, closed beats synchronize, and opened is beaten by all") {
  const auto merged = pull_request("closed", 5, 0, sha(1), true), reopened = pull_request("reopened", 5, 0, sha(1)),
             closed = pull_request("closed", 5, 0, sha(1)), pushed = pull_request("synchronize", 5, 0, sha(2)),
             labeled = pull_request("labeled", 5, 0, sha(3)), opened = pull_request("opened", 5, 0, sha(4));
  CHECK(after({merged, reopened}).pull_requests.at(5).state == "merged");
  for (const auto* title : {"a", "b", "c", "d", "e", "f"}) { // more than one, so that no digest decides it by luck
    auto named = merged;
    said(named).title = title;
    CHECK(after({named, reopened}).pull_requests.at(5).columns.title == title);
  }
  CHECK(after({reopened, closed}).pull_requests.at(5).state == "open");
  CHECK(after({closed, pushed}).pull_requests.at(5).state == "closed");
  CHECK(after({pushed, labeled}).pull_requests.at(5).columns.head_sha == sha(2));
  CHECK(after({labeled, opened}).pull_requests.at(5).columns.head_sha == sha(3));
}

TEST_CASE("merged is final for its pull request until reopened") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), pull_request("closed", 5, 10, sha(1), true)});
  apply(rows, {{"l", pull_request("labeled", 5, 20, sha(1))}}); // a newer snapshot that says open
  CHECK(rows.pull_requests.at(5).state == "merged");
  CHECK(rows.pull_requests.at(5).columns.merged);
  CHECK(rows.pull_requests.at(5).merged_at == at(10));
  CHECK(rows.pull_requests.at(5).closed_at == at(10));
  CHECK(rows.pipelines.at(5).status_merge == "merged");
  CHECK(rows.pipelines.at(5).status_pr == "closed");
  CHECK(rows.open_prs == 0);
  apply(rows, {{"r", pull_request("reopened", 5, 30, sha(1))}});
  CHECK(rows.pull_requests.at(5).state == "open");
  CHECK_FALSE(rows.pull_requests.at(5).merged_at);
  CHECK_FALSE(rows.pull_requests.at(5).closed_at);
  CHECK(rows.pipelines.at(5).status_merge == "pending");
  CHECK(rows.open_prs == 1);
}

TEST_CASE("a merge that arrives late still makes a newer snapshot's row merged, with its time") {
  auto rows = after({pull_request("labeled", 5, 20, sha(1)), pull_request("closed", 5, 10, sha(1), true)});
  CHECK(rows.pull_requests.at(5).state == "merged");
  CHECK(rows.pull_requests.at(5).merged_at == at(10));
  CHECK(rows.open_prs == 0);
  CHECK(rows.total_prs == 1);
}

TEST_CASE("a newer snapshot that says open outweighs an older closed in both rows, before its reopened has come") {
  const auto rows =
      after({pull_request("opened", 5, 0, sha(1)), pull_request("closed", 5, 10, sha(1)), review("commented", 5, 20, sha(1))});
  CHECK(rows.pull_requests.at(5).state == "open");
  CHECK(rows.pipelines.at(5).status_pr == "opened");
  CHECK(rows.pipelines.at(5).status_merge == "pending");
}

TEST_CASE("a pull request closed without merging shows so in both rows, and reopened takes it back") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), pull_request("closed", 5, 10, sha(1))});
  CHECK(rows.pull_requests.at(5).state == "closed");
  CHECK(rows.pipelines.at(5).status_pr == "closed");
  CHECK(rows.pipelines.at(5).status_merge == "closed");
  apply(rows, {{"r", pull_request("reopened", 5, 20, sha(1))}});
  CHECK(rows.pipelines.at(5).status_pr == "opened");
  CHECK(rows.pipelines.at(5).status_merge == "pending");
}

TEST_CASE("a build that names a pull request nobody knows makes its pipeline, and the pull request completes it") {
  auto rows = after({build(build_status::building, {5}, 10, sha(1))});
  CHECK(rows.pull_requests.empty());
  CHECK(rows.total_prs == 0);
  const auto early = rows.pipelines.at(5);
  CHECK(early.commit_sha == sha(1));
  CHECK(early.author == "ci-bot");
  CHECK(early.title == "Say hello");
  CHECK(early.status_build == "building");
  CHECK(early.status_pr == "pending");
  apply(rows, {{"p", pull_request("opened", 5, 0, sha(1))}});
  CHECK(rows.pipelines.at(5).author == "mona");
  CHECK(rows.pipelines.at(5).status_build == "building");
  CHECK(rows.pipelines.at(5).status_pr == "opened");
}

TEST_CASE("a build that names no pull request finds it by its head, whichever of the two comes first") {
  const auto opened = pull_request("opened", 5, 0, sha(1)), job = build(build_status::failed, {}, 10, sha(1));
  const auto first = applied({{{"a", opened}}, {{"b", job}}}), second = applied({{{"b", job}}, {{"a", opened}}});
  CHECK(first.pipelines.at(5).status_build == "buildFailed");
  CHECK(first.text() == second.text());
  CHECK(after({job}).pipelines.empty());
}

TEST_CASE("law 4: of many builds ahead of their pull request its pipeline shows as many as of builds behind it") {
  const auto opened = arrival{"p", pull_request("opened", 5, 0, sha(1))};
  auto builds = std::vector<arrival>{{"b", build(build_status::failed, {}, 1, sha(1))}};
  for (auto i = 2; i < 70; ++i)
    builds.push_back({"d" + std::to_string(i), i % 9 ? deployment(i % 2 ? "success" : "pending", i, sha(1))
                                                     : build(build_status::building, {}, 1, sha(1), i)});
  CHECK(applied({builds, {opened}}).text() == applied({{opened}, builds}).text());
}

TEST_CASE("law 5: of builds of many commits the newest is remembered") {
  auto rows = tables{};
  for (std::int64_t i = 0; i < 40; ++i)
    apply(rows, {{"d", build(i == 39 ? build_status::passed : build_status::failed, {5}, i, sha(100 - static_cast<int>(i)))}});
  CHECK(rows.pipelines.at(5).status_build == "buildPassed");
}

TEST_CASE("law 2: a head from before all that are remembered is no news the second time") {
  auto rows = tables{};
  for (auto i = 1; i <= 80; ++i)
    apply(rows, {{"d", pull_request("synchronize", 5, i, sha(i))}});
  const auto ancient = arrival{"a", review("commented", 5, 0, sha(99))};
  apply(rows, {ancient});
  CHECK(apply(rows, {ancient}).empty());
}

TEST_CASE("a build finds every pull request that has its commit as head") {
  auto rows = after(
      {pull_request("opened", 5, 0, sha(1)), pull_request("opened", 6, 0, sha(1)), build(build_status::passed, {}, 10, sha(1))});
  CHECK(rows.pipelines.at(5).status_build == "buildPassed");
  CHECK(rows.pipelines.at(6).status_build == "buildPassed");
}

TEST_CASE("builds of a superseded head are history, not the status") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), build(build_status::failed, {5}, 10, sha(1)),
                     pull_request("synchronize", 5, 20, sha(2))});
  CHECK(rows.pipelines.at(5).status_build == "pending");
  apply(rows, {{"a", build(build_status::passed, {5}, 30, sha(2))}});
  apply(rows, {{"b", build(build_status::failed, {5}, 40, sha(1), 2)}});
  CHECK(rows.pipelines.at(5).status_build == "buildPassed");
  CHECK(count(rows.pipelines.at(5).history, "buildFailed") == 2);
}

TEST_CASE("at equal times a completed build beats a started one, and a failed one a passed one") {
  const auto opened = pull_request("opened", 5, 0, sha(1));
  const auto started = build(build_status::building, {5}, 10, sha(1)), passed = build(build_status::passed, {5}, 10, sha(1)),
             failed = build(build_status::failed, {5}, 10, sha(1), 2);
  CHECK(after({opened, passed, started}).pipelines.at(5).status_build == "buildPassed");
  CHECK(after({opened, failed, passed}).pipelines.at(5).status_build == "buildFailed");
}

TEST_CASE("reviews set the approval by their own time, and a dismissal takes it back, a comment says nothing") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), review("changes_requested", 5, 10, sha(1)),
                     review("approved", 5, 20, sha(1), 2), review("commented", 5, 30, sha(1), 3)});
  CHECK(rows.pipelines.at(5).status_approval == "approved");
  CHECK(rows.pipelines.at(5).status_pr == "opened");
  CHECK(count(rows.pull_requests.at(5).history, "\"field\":\"review\"") == 2);
  CHECK(rows.pull_requests.at(5).counts->commits == 4);
  apply(rows, {{"x", review("dismissed", 5, 40, sha(1), 2)}});
  CHECK(rows.pipelines.at(5).status_approval == "pending");
}

TEST_CASE("a deployment is noted in the pipeline's history and leaves status_build alone") {
  auto rows = after({pull_request("opened", 5, 0, sha(1)), deployment("success", 10, sha(1))});
  CHECK(rows.pipelines.at(5).status_build == "pending");
  CHECK(count(rows.pipelines.at(5).history, R"("field":"deployment","value":"success")") == 1);
}

TEST_CASE("a renamed repository is the same row, and an older snapshot does not name it back, a mention says nothing") {
  auto rows = after({push(0), moved("renamed", 2, 10, "hallo"), push(5)});
  CHECK(rows.repository.full_name == "octo/hallo");
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) { // more than one, so that no digest decides it by luck
    CHECK(after({push(10), moved("renamed", 2, 10, name)}).repository.name == name);
    CHECK(after({moved("renamed", 2, 10, name), push(10)}).repository.name == name);
  }
  auto mention = push(20);
  mention.repository->full_name = "octo/other";
  mention.repository->updated_at.reset();
  apply(rows, {{"m", mention}});
  CHECK(rows.repository.full_name == "octo/hallo");
  CHECK(after({mention}).repository.full_name == "octo/other");
}

TEST_CASE("a deleted repository stays deleted") {
  const auto rows = after({moved("deleted", 4, 10, "hello"), push(20)});
  CHECK(rows.deleted);
}

TEST_CASE("commit_urls lists the known heads, oldest first, under the repository's newest name") {
  auto pushed = pull_request("synchronize", 5, 10, sha(2));
  said(pushed).html_url = "https://github.com/octo/hallo/pull/5";
  const auto rows = after({pushed, pull_request("opened", 5, 0, sha(1))});
  CHECK(rows.pull_requests.at(5).commit_urls ==
        "[\"https://github.com/octo/hallo/commit/" + sha(1) + "\",\"https://github.com/octo/hallo/commit/" + sha(2) + "\"]");
}

TEST_CASE("a new title is noted, and an edit of the text alone is not") {
  auto text = pull_request("edited", 5, 10, sha(1)), title = pull_request("edited", 5, 20, sha(1));
  said(text).description = "Another text";
  said(title).title = "Another title";
  auto rows = after({pull_request("opened", 5, 0, sha(1)), text});
  CHECK(count(rows.pull_requests.at(5).history, "\"title\"") == 0);
  CHECK(rows.pull_requests.at(5).columns.description == "Another text");
  apply(rows, {{"t", title}});
  CHECK(count(rows.pull_requests.at(5).history, R"("field":"title","value":"Another title")") == 1);
}

TEST_CASE("law 7: what is seen twice in one change set is one change, and what comes back is none") {
  auto labeled = pull_request("labeled", 5, 10, sha(1));
  said(labeled).labels = R"([{"name":"bug","color":"f00"}])";
  auto rows = after({pull_request("opened", 5, 0, sha(1)), pull_request("edited", 5, 5, sha(1))});
  rows.process_all();
  auto twice = rows;
  auto changes = apply(twice, {{"a", labeled}, {"b", review("commented", 5, 9, sha(1))}});
  REQUIRE(changes.pull_requests.size() == 1);
  CHECK(changes.pull_requests[0].columns); // though the later event had nothing for it
  CHECK(changes.pull_requests[0].visible);
  CHECK_FALSE(twice.pull_requests.at(5).processed);
  apply(rows, {{"a", labeled}, {"b", pull_request("unlabeled", 5, 11, sha(1))}});
  CHECK(rows.pull_requests.at(5).processed);
  CHECK(rows.pipelines.at(5).processed);
}

TEST_CASE("law 5: a row remembers a bounded part of 10,000 events") {
  auto rows = tables{};
  auto known = knowledge{};
  auto facts_max = std::size_t{0};
  for (auto i = 0; i < 10'000; ++i) {
    const auto head = sha(i / 4);
    auto x = i % 4 == 0   ? pull_request(i % 8 ? "synchronize" : "reopened", 5, i, head)
             : i % 4 == 1 ? build(i % 3 ? build_status::passed : build_status::failed, {}, i, head, i)
             : i % 4 == 2 ? build(build_status::building, {5}, i, head, i)
                          : review(i % 3 ? "approved" : "changes_requested", 5, i, head, i);
    apply(rows, known, {{"d" + std::to_string(i), x}});
    facts_max = std::max({facts_max, rows.pull_requests.at(5).facts.size(), rows.pipelines.at(5).facts.size()});
    trim(known, 256 * 1024);
    REQUIRE(bytes_of(known) <= 256 * 1024);
  }
  const auto& row = rows.pull_requests.at(5);
  CHECK(facts_max < 16 * 1024);
  CHECK(count(row.history, "\"field\"") <= pull_request_history_max);
  CHECK(count(row.history, "\"field\"") > 8);
  CHECK(count(rows.pipelines.at(5).history, "\"field\"") <= pipeline_history_max);
  CHECK(count(row.commit_urls, "http") == pull_request_heads_max);
  CHECK(count(row.history, "d9996") == 1);
  CHECK(rows.pipelines.at(5).status_build == "building");
}

TEST_CASE("an event that is ignored or about no repository changes nothing") {
  auto known = knowledge{};
  auto changes = change_set{};
  auto ignored = push(0), nowhere = push(0);
  ignored.fact = std::monostate{};
  nowhere.repository.reset();
  decide(known, ignored, "d1", changes);
  decide(known, nowhere, "d2", changes);
  CHECK(changes.empty());
  CHECK(missing_for(known, ignored).none());
}
