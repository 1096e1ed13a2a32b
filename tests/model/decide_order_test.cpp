#include "tests/model/decide_events.hpp"
#include "tests/model/decide_rows.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <numeric>
#include <random>

using namespace ingot;
using namespace ingot::github;
using namespace ingot::github::test;

namespace {

using random_source = std::mt19937;

std::size_t below(random_source& random, std::size_t limit) {
  return random() % limit;
}

template <class T>
const T& one_of(random_source& random, const std::vector<T>& xs) {
  return xs[below(random, xs.size())];
}

/// The arrivals in groups of one to `group_max`.
std::vector<std::vector<arrival>> grouped(random_source& random, const std::vector<arrival>& xs, std::size_t group_max) {
  auto groups = std::vector<std::vector<arrival>>{};
  for (std::size_t i = 0; i < xs.size();) {
    const auto size = std::min(xs.size() - i, 1 + below(random, group_max));
    groups.emplace_back(xs.begin() + static_cast<std::ptrdiff_t>(i), xs.begin() + static_cast<std::ptrdiff_t>(i + size));
    i += size;
  }
  return groups;
}

/// As `applied`, but with what is known kept between the groups, as REPOSITORY keeps it.
tables applied_with_memory(random_source& random, const std::vector<std::vector<arrival>>& groups) {
  auto rows = tables{};
  auto known = knowledge{};
  for (const auto& xs : groups) {
    apply(rows, known, xs);
    if (below(random, 3) == 0)
      trim(known, bytes_of(known) * below(random, 4) / 4);
  }
  return rows;
}

std::vector<arrival> life_of_a_pull_request() {
  auto labeled = pull_request("labeled", 5, 60, sha(2));
  std::get<pull_request_event>(labeled.fact).pull_request.labels = R"([{"name":"bug","color":"f00"}])";
  return {
      {"d1", pull_request("opened", 5, 0, sha(1))},           {"d2", build(build_status::failed, {5}, 20, sha(1))},
      {"d3", pull_request("synchronize", 5, 60, sha(2))},     {"d4", labeled}, // in the same second
      {"d5", build(build_status::passed, {}, 90, sha(2), 2)}, {"d6", review("approved", 5, 120, sha(2))},
      {"d7", pull_request("closed", 5, 120, sha(2), true)}, // in the same second
  };
}

/// Events that need not make sense: whatever comes, its order must not matter.
event random_event(random_source& random) {
  const auto seconds = static_cast<std::int64_t>(below(random, 8));
  const auto number = static_cast<std::int64_t>(1 + below(random, 2));
  const auto head = sha(static_cast<int>(below(random, 4)));
  auto x = event{};
  switch (below(random, 8)) {
  case 0:
  case 1:
  case 2: {
    const auto action = one_of<std::string>(random, {"opened", "synchronize", "closed", "closed", "reopened", "edited", "labeled",
                                                     "converted_to_draft", "ready_for_review"});
    x = pull_request(action, number, seconds, head, action == "closed" && below(random, 2) == 0);
    break;
  }
  case 3:
    x = review(one_of<std::string>(random, {"approved", "changes_requested", "dismissed", "commented"}), number, seconds, head,
               static_cast<int>(below(random, 3)));
    break;
  case 4:
    x = build(one_of<build_status>(random, {build_status::building, build_status::passed, build_status::failed}), {number},
              seconds, head, static_cast<int>(below(random, 3)));
    break;
  case 5:
    x = build(one_of<build_status>(random, {build_status::building, build_status::passed, build_status::failed}), {}, seconds,
              head, static_cast<int>(below(random, 3)));
    break;
  case 6:
    x = deployment(one_of<std::string>(random, {"pending", "success"}), seconds, head);
    break;
  default:
    x = moved(one_of<std::string>(random, {"renamed", "edited", "deleted"}), static_cast<int>(below(random, 3)), seconds,
              one_of<std::string>(random, {"hello", "hallo"}));
  }
  if (auto* fact = std::get_if<pull_request_event>(&x.fact)) {
    auto& said = fact->pull_request;
    said.title = one_of<std::string>(random, {"Say hello", "Say hallo"});
    said.is_draft = below(random, 2) == 0;
    said.closed = said.closed || below(random, 4) == 0;
    if (below(random, 4) == 0)
      said.files_changed = one_of<std::string>(random, {R"([{"filename":"a"}])", R"([{"filename":"b"}])"});
    if (below(random, 4) == 0)
      said.html_url = one_of<std::string>(random, {"", "https://github.com/octo/hallo/pull/1"});
    said.counts->additions = static_cast<std::int64_t>(below(random, 2));
  }
  if (below(random, 4) == 0)
    x.repository->updated_at.reset();
  else
    x.repository->stars = static_cast<std::int64_t>(below(random, 3));
  x.installation_id = static_cast<std::int64_t>(below(random, 3));
  return x;
}

} // namespace

TEST_CASE("law 4: every order of a pull request's events ends in the same rows") {
  auto xs = life_of_a_pull_request();
  const auto expected = applied({xs});
  REQUIRE(expected.pull_requests.at(5).state == "merged");
  REQUIRE(expected.pull_requests.at(5).columns.head_sha == sha(2));
  REQUIRE(expected.pipelines.at(5).status_build == "buildPassed");
  REQUIRE(expected.pipelines.at(5).status_approval == "approved");
  auto random = random_source{4};
  auto orders = 0;
  do {
    auto rows = tables{};
    for (const auto& group : grouped(random, xs, xs.size()))
      apply(rows, group);
    if (rows.text() != expected.text()) // building the message costs more than the run
      REQUIRE(rows.text() == expected.text());
    ++orders;
  } while (std::next_permutation(xs.begin(), xs.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  CHECK(orders == 5040);
}

TEST_CASE("law 4: random events with ties, redelivered and grouped at random, end in the same rows in any order") {
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    auto random = random_source{seed};
    auto xs = std::vector<arrival>{};
    const auto length = 2 + below(random, 24);
    for (std::size_t i = 0; i < length; ++i)
      xs.push_back({"d" + std::to_string(i), random_event(random)});
    const auto expected = applied({xs}).text();
    for (auto round = 0; round < 3; ++round) {
      auto arrivals = xs;
      for (auto again = below(random, 6); again > 0; --again)
        arrivals.push_back(one_of(random, xs));
      std::shuffle(arrivals.begin(), arrivals.end(), random);
      const auto groups = grouped(random, arrivals, 5);
      const auto rows = round == 2 ? applied_with_memory(random, groups) : applied(groups);
      if (rows.text() != expected) {
        CAPTURE(seed, round);
        REQUIRE(rows.text() == expected);
      }
    }
  }
}

TEST_CASE("law 4: where more is said than a row remembers, every order still remembers the same") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    auto random = random_source{seed};
    auto xs = std::vector<arrival>{};
    const auto statuses = std::vector{build_status::building, build_status::passed, build_status::failed};
    const auto actions = std::vector<std::string>{"synchronize", "edited", "reopened", "closed", "opened", "labeled"};
    for (auto i = 0; i < 400; ++i) {
      const auto seconds = static_cast<std::int64_t>(below(random, 200));
      const auto head = sha(static_cast<int>(below(random, seed % 2 ? 100 : 3)));
      auto numbers = below(random, 3) == 0 ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{};
      switch (below(random, 4)) {
      case 0:
        xs.push_back({"", pull_request(one_of(random, actions), 1, seconds, head)});
        break;
      case 1:
        xs.push_back({"", below(random, 2) ? review("approved", 1, seconds, head) : deployment("success", seconds, head)});
        break;
      default:
        xs.push_back({"", build(one_of(random, statuses), numbers, seconds, head, static_cast<int>(below(random, 9)))});
      }
      xs.back().id = "d" + std::to_string(i);
    }
    const auto expected = applied({xs}).text();
    for (auto round = 0; round < 3; ++round) {
      std::shuffle(xs.begin(), xs.end(), random);
      const auto rows = applied(grouped(random, xs, 50));
      if (rows.text() != expected) {
        CAPTURE(seed, round);
        REQUIRE(rows.text() == expected);
      }
    }
  }
}

TEST_CASE("law 2: what was said before, by the same delivery or another, changes no row") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    auto random = random_source{seed};
    auto xs = std::vector<arrival>{};
    for (auto i = 0; i < 12; ++i)
      xs.push_back({"d" + std::to_string(10 + i), random_event(random)});
    auto rows = applied(grouped(random, xs, 4));
    const auto before = rows.text();
    const auto version = rows.version;
    rows.process_all();
    for (const auto& x : xs) {
      CAPTURE(seed, x.id);
      REQUIRE(apply(rows, {x}).empty());
      REQUIRE(apply(rows, {{"e" + x.id, x.what}}).empty());
    }
    REQUIRE(rows.text() == before);
    REQUIRE(rows.version == version);
  }
}

TEST_CASE("law 7: processed goes back exactly when a reader would see another row") {
  auto news = 0, none = 0;
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    auto random = random_source{seed};
    auto xs = std::vector<arrival>{};
    for (auto i = 0; i < 20; ++i)
      xs.push_back({"d" + std::to_string(10 + i), random_event(random)});
    auto rows = tables{};
    for (const auto& group : grouped(random, xs, 4)) {
      rows.process_all();
      auto before = rows;
      apply(rows, group);
      // Facts, and the source's time, are not for readers.
      auto shown = [](auto row) {
        auto one = tables{};
        row.facts.clear();
        row.source_updated_at = {};
        if constexpr (std::is_same_v<decltype(row), pull_request_row>)
          one.pull_requests[1] = row;
        else
          one.pipelines[1] = row;
        return one.text(false);
      };
      auto compare = [&](const auto& old_rows, const auto& new_rows) {
        for (const auto& [number, row] : new_rows) {
          const auto old = old_rows.find(number);
          const auto changed = old == old_rows.end() || shown(old->second) != shown(row);
          CAPTURE(seed, number);
          if (row.processed == changed)
            REQUIRE((changed ? "" : shown(row)) == "processed and changed, or neither");
          ++(changed ? news : none);
        }
      };
      compare(before.pull_requests, rows.pull_requests);
      compare(before.pipelines, rows.pipelines);
    }
  }
  CHECK(news > 1000);
  CHECK(none > 1000);
}

TEST_CASE("open_prs and total_prs are the rows that are there") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    auto random = random_source{seed};
    auto rows = tables{};
    for (auto i = 0; i < 15; ++i) {
      apply(rows, {{"d" + std::to_string(i), random_event(random)}});
      const auto open = std::count_if(rows.pull_requests.begin(), rows.pull_requests.end(),
                                      [](const auto& row) { return row.second.state == "open"; });
      REQUIRE(rows.open_prs == open);
      REQUIRE(rows.total_prs == static_cast<std::int64_t>(rows.pull_requests.size()));
    }
  }
}
