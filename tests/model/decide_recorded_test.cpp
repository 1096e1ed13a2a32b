#include "model/github/webhook.hpp"
#include "tests/model/decide_rows.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <random>

using namespace ingot;
using namespace ingot::github;
using namespace ingot::github::test;

namespace {

struct patch {
  std::string from, to;
};

/// A recorded body of the event `name`, with every `from` replaced; nothing when it is not recorded here.
std::optional<arrival> recorded_arrival(const std::string& name, const std::string& file, const std::vector<patch>& patches) {
  auto body = ingot::testing::recorded(name + '/' + file);
  if (body.empty())
    return std::nullopt;
  for (const auto& [from, to] : patches) {
    auto at = body.find(from);
    INFO(from);
    REQUIRE(at != std::string::npos);
    for (; at != std::string::npos; at = body.find(from, at + to.size()))
      body.replace(at, from.size(), to);
  }
  auto parsed = parse_webhook(name, body_format::json, body);
  if (const auto* refused = std::get_if<failure>(&parsed))
    FAIL(name << ": " << refused->message);
  return arrival{name + file, std::get<event>(std::move(parsed))};
}

} // namespace

TEST_CASE("law 4: every order of the recorded events of one pull request ends in the same rows") {
  const auto head = std::string{"ec26c3e57ca3a959ca5aad62de7213c562f8c821"}, pushed = std::string(40, 'c');
  auto xs = std::vector<arrival>{};
  for (const auto& x : {
           recorded_arrival("pull_request", "opened-1", {}),
           recorded_arrival("check_run", "completed-1", {}),
           recorded_arrival("pull_request", "synchronize-1", {{head, pushed}}), // in the second of `opened`
           recorded_arrival("pull_request_review", "submitted-1", {{head, pushed}, {"\"commented\"", "\"approved\""}}),
           recorded_arrival("status", "event-1", {{"6113728f27ae82c7b1a177c8d03f9e96e0adf246", pushed}}),
           recorded_arrival("workflow_run", "completed-1",
                            {{"5779607b49aab1200488439f02372c57b4f75444", pushed}, {"283462325", "186853002"}}),
           recorded_arrival("pull_request", "closed-1",
                            {{head, pushed},
                             {"\"merged\":false", "\"merged\":true"},
                             {"\"merged_at\":null", "\"merged_at\":\"2019-05-15T15:21:18Z\""}}),
       }) {
    if (!x)
      return;
    xs.push_back(*x);
  }
  const auto expected = applied({xs});
  REQUIRE(expected.pull_requests.size() == 1);
  const auto& row = expected.pull_requests.at(2);
  CHECK(row.state == "merged");
  CHECK(row.columns.head_sha == pushed);
  CHECK(row.columns.author.login == "Codertocat");
  CHECK(row.commit_urls == R"(["https://github.com/Codertocat/Hello-World/commit/)" + head +
                               R"(","https://github.com/Codertocat/Hello-World/commit/)" + pushed + "\"]");
  const auto& pipeline = expected.pipelines.at(2);
  CHECK(pipeline.status_pr == "closed");
  CHECK(pipeline.status_merge == "merged");
  CHECK(pipeline.status_approval == "approved");
  CHECK(pipeline.status_build == "building"); // by the workflow run, which is the newest; check_run's commit is superseded
  CHECK(pipeline.history.find("buildFailed") != std::string::npos);
  CHECK(expected.open_prs == 0);
  CHECK(expected.total_prs == 1);

  std::sort(xs.begin(), xs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  auto random = std::mt19937{1};
  auto orders = 0;
  do {
    auto rows = tables{};
    for (std::size_t i = 0; i < xs.size();) {
      const auto size = std::min<std::size_t>(xs.size() - i, 1 + random() % 4);
      apply(rows, {xs.begin() + static_cast<std::ptrdiff_t>(i), xs.begin() + static_cast<std::ptrdiff_t>(i + size)});
      i += size;
    }
    if (rows.text() != expected.text()) // building the message costs more than the run
      REQUIRE(rows.text() == expected.text());
    ++orders;
  } while (std::next_permutation(xs.begin(), xs.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  CHECK(orders == 5040);
}

TEST_CASE("every recorded delivery about a repository can be decided, twice, and the second time says nothing") {
  auto decided = 0;
  for (const auto& x : ingot::testing::all_recorded()) {
    const auto parsed = parse_webhook(x.event, body_format::json, x.body);
    const auto* what = std::get_if<event>(&parsed);
    if (!what || what->ignored() || !what->repository)
      continue;
    CAPTURE(x.event, x.file);
    auto rows = tables{};
    CHECK_FALSE(apply(rows, {{"d1", *what}}).empty());
    const auto second = apply(rows, {{"d1", *what}, {"d2", *what}});
    if (const auto* fact = std::get_if<repository_event>(&what->fact); fact && fact->released) {
      // Each delivery of a release orders a look at the manifests; the row stays as it was.
      CHECK(second.releases == std::vector<std::string>{"d1", "d2"});
      CHECK((second.jobs.empty() && second.pushes.empty() && !second.moved));
    } else {
      CHECK(second.empty());
      CHECK(rows.version == 1);
    }
    ++decided;
  }
  if (std::filesystem::is_directory(ingot::testing::recorded_payloads()))
    CHECK(decided > 30);
}
