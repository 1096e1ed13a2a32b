#include "tests/model/decide_events.hpp"
#include "tests/model/decide_rows.hpp"
#include "tests/support/catch.hpp"

#include <random>
#include <stdexcept>

using namespace ingot;
using namespace ingot::github;
using namespace ingot::github::test;

namespace {

knowledge busy_knowledge(int pull_requests) {
  auto rows = tables{};
  auto known = knowledge{};
  for (auto n = 1; n <= pull_requests; ++n) {
    const auto head = sha(n);
    apply(rows, known,
          {{"a", pull_request("opened", n, 0, head)},
           {"b", build(build_status::passed, {}, 1, head)},
           {"c", review("approved", n, 2, head)},
           {"d", pull_request("closed", n, 3, head, n % 2)},
           {"e", pull_request("reopened", n, 4, head)}});
  }
  return known;
}

template <class State>
std::string again(const State& x) {
  auto read = State{};
  decode(encode(x), read);
  REQUIRE(read.exists);
  return encode(read);
}

template <class State>
void never_crashes(const std::string& text) {
  auto x = State{};
  try {
    decode(text, x);
  } catch (const std::runtime_error&) {
    CHECK_FALSE(x.exists); // as it was
  }
}

} // namespace

TEST_CASE("facts that are written and read again are the same") {
  const auto known = busy_knowledge(3);
  CHECK(again(known.repository) == encode(known.repository));
  for (const auto& [number, x] : known.pull_requests)
    CHECK(again(x) == encode(x));
  for (const auto& [number, x] : known.pipelines)
    CHECK(again(x) == encode(x));
  for (const auto& [head, x] : known.commits)
    CHECK(again(x) == encode(x));
  auto read = pull_request_state{};
  decode(encode(known.pull_requests.at(1)), read);
  const auto& x = known.pull_requests.at(1);
  CHECK(read.columns == x.columns);
  CHECK(read.counts == x.counts);
  CHECK(read.merged == x.merged);
  CHECK(read.reopened_at_stamp == x.reopened_at_stamp);
  CHECK(read.heads == x.heads);
  CHECK(read.history == x.history);
  CHECK(read.files_sha == x.files_sha);
  CHECK(read.open == x.open);
  CHECK(read.visible == x.visible);
  auto pipeline = pipeline_state{};
  decode(encode(known.pipelines.at(1)), pipeline);
  CHECK(pipeline.fields == known.pipelines.at(1).fields);
  CHECK(pipeline.builds == known.pipelines.at(1).builds);
  CHECK(pipeline.history == known.pipelines.at(1).history);
}

TEST_CASE("facts hold any text: delimiters, line ends, characters beyond ASCII, times before 1970, the extremes of numbers") {
  auto x = pull_request_state{};
  for (const auto* text : {"", "=", "~", "1:", "\n\t\\\"", "\u00e9\U0001F600", "12 34"}) {
    auto entry = history_entry{};
    entry.at = timestamp{std::chrono::microseconds{-5}};
    entry.rank = -128;
    entry.field = entry.by = entry.delivery = text;
    x.history.push_back(entry);
    x.heads.emplace_back(timestamp::max(), text);
  }
  x.visible = ~std::uint64_t{0};
  x.closed_at = timestamp::min();
  auto read = pull_request_state{};
  decode(encode(x), read);
  CHECK(read.history == x.history);
  CHECK(read.heads == x.heads);
  CHECK(read.visible == x.visible);
  CHECK(read.closed_at == x.closed_at);
}

TEST_CASE("empty facts are a row that exists and knows nothing else") {
  auto x = pull_request_state{};
  decode("", x);
  CHECK(x.exists);
  CHECK(x.history.empty());
  auto repository = repository_state{};
  repository.version = 12;
  decode("", repository);
  CHECK(repository.exists);
  CHECK(repository.version == 12);
}

TEST_CASE("an existing row without facts takes what comes") {
  auto rows = tables{};
  apply(rows, {{"d1", pull_request("opened", 5, 0, sha(1))}});
  rows.pull_requests.at(5).facts.clear();
  rows.pipelines.at(5).facts.clear();
  apply(rows, {{"d2", pull_request("closed", 5, 9, sha(1), true)}});
  CHECK(rows.pull_requests.at(5).state == "merged");
  CHECK(rows.total_prs == 1);
}

TEST_CASE("damaged facts are refused and change nothing") {
  const auto known = busy_knowledge(1);
  const auto facts = std::vector{encode(known.repository), encode(known.pull_requests.at(1)), encode(known.pipelines.at(1)),
                                 encode(known.commits.begin()->second)};
  auto x = pull_request_state{};
  for (const auto* text : {"2p", "1", "1r", "1p", "x", "1p99999999999999999999 ", "1p0 0 0 0 0 0 0 0 0 2 ", "\xff"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode(text, x), std::runtime_error);
  }
  auto commit = commit_state{};
  CHECK_THROWS_AS(decode("1c18446744073709551615 1 ", commit), std::runtime_error);
  CHECK_THROWS_AS(decode("1c0 999999999 ", commit), std::runtime_error);
  CHECK_THROWS_AS(decode("1c0 1 0 0 18446744073709551615:", commit), std::runtime_error);
  CHECK_THROWS_AS(decode("1c0 1 0 300 =====", commit), std::runtime_error);
  CHECK_THROWS_AS(decode(encode(commit) + ' ', commit), std::runtime_error);
  for (const auto& text : facts)
    for (std::size_t size = 1; size < text.size(); ++size) // every beginning of it
      never_crashes<pull_request_state>(text.substr(0, size));
  auto random = std::mt19937{1};
  for (auto i = 0; i < 20'000; ++i) {
    auto text = facts[random() % facts.size()];
    for (auto n = 1 + random() % 4; n > 0; --n)
      text[random() % text.size()] = "0123456789:~= -rpbc\xff"[random() % 20];
    never_crashes<repository_state>(text);
    never_crashes<pull_request_state>(text);
    never_crashes<pipeline_state>(text);
    never_crashes<commit_state>(text);
  }
}

TEST_CASE("what is missing is asked for: the repository, the numbers, and the commits whose builds may have come before") {
  auto known = knowledge{};
  auto lacks = missing_for(known, pull_request("opened", 5, 0, sha(1)));
  CHECK(lacks.repository);
  CHECK(lacks.pull_requests == std::vector<std::int64_t>{5});
  CHECK(lacks.commits == std::vector<std::string>{sha(1)});
  lacks = missing_for(known, build(build_status::passed, {5, 6, 5}, 0, sha(1)));
  CHECK(lacks.pull_requests == std::vector<std::int64_t>{5, 6});
  CHECK(lacks.commits.empty());
  lacks = missing_for(known, build(build_status::passed, {}, 0, sha(1)));
  CHECK(lacks.pull_requests.empty());
  CHECK(lacks.commits == std::vector<std::string>{sha(1)});
  CHECK(missing_for(known, push(0)).repository);
  known.loaded = true;
  CHECK(missing_for(known, push(0)).none());

  known.commits[sha(1)].pull_requests = {5, 7};
  known.pull_requests[5];
  known.pipelines[5];
  known.pull_requests[7]; // its pipeline is unknown
  CHECK(missing_for(known, build(build_status::passed, {}, 0, sha(1))).pull_requests == std::vector<std::int64_t>{7});
  known.pull_requests[5].heads = {{at(0), sha(2)}};
  CHECK(missing_for(known, review("approved", 5, 0, sha(2))).none());
  CHECK(missing_for(known, review("approved", 5, 0, sha(3))).commits == std::vector<std::string>{sha(3)});
}

TEST_CASE("law 5: trimming forgets what was not used lately, never the repository") {
  auto known = busy_knowledge(50);
  const auto bytes = bytes_of(known);
  CHECK(bytes > 50 * 1000);
  trim(known, bytes);
  CHECK(known.pull_requests.size() == 50);
  trim(known, bytes / 2);
  CHECK(bytes_of(known) <= bytes / 2);
  CHECK(known.pull_requests.size() > 5);
  CHECK(known.pull_requests.contains(50));
  CHECK_FALSE(known.pull_requests.contains(1));
  trim(known, 0);
  CHECK(known.pull_requests.empty());
  CHECK(known.commits.empty());
  CHECK(known.loaded);
  CHECK(known.repository.total_prs == 50);
}

TEST_CASE("law 5: a commit that is the head of a great many pull requests remembers a bounded number of them") {
  auto rows = tables{};
  for (auto n = 1; n <= 200; ++n)
    apply(rows, {{"d", pull_request("opened", n, 0, sha(1))}});
  auto commit = commit_state{};
  decode(rows.commits.at(sha(1)), commit);
  CHECK(commit.pull_requests.size() == commit_pull_requests_max);
  CHECK(commit.pull_requests.back() == 200);
}
