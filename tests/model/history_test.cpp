#include "model/github/history.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <random>

using namespace ingot;
using namespace ingot::github;

namespace {

history_entry entry(std::int64_t seconds, std::string field, std::string value, std::string delivery = "d") {
  auto x = history_entry{};
  x.at = timestamp{std::chrono::seconds{seconds}};
  x.field = std::move(field);
  x.value = std::move(value);
  x.source = "test";
  x.delivery = std::move(delivery);
  return x;
}

} // namespace

TEST_CASE("a history keeps one entry of what two deliveries say, with the smaller id, and that is no news") {
  auto entries = std::vector<history_entry>{};
  CHECK(remember(entries, entry(1, "state", "opened", "d2"), 10));
  const auto digest = show(entries).digest;
  CHECK_FALSE(remember(entries, entry(1, "state", "opened", "d3"), 10));
  CHECK(remember(entries, entry(1, "state", "opened", "d1"), 10));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].delivery == "d1");
  CHECK(show(entries).digest == digest);
}

TEST_CASE("law 4: a history remembers the same whatever the order of what is said, at every bound") {
  auto random = std::mt19937{1};
  for (auto round = 0; round < 300; ++round) {
    auto all = std::vector<history_entry>{};
    for (auto i = random() % 60; i > 0; --i)
      all.push_back(
          entry(random() % 30, random() % 4 ? "status_build" : "status_pr", random() % 2 ? "a" : "b", "d" + std::to_string(i)));
    const auto newest = std::size_t{1} + random() % 20;
    auto expected = std::vector<history_entry>{};
    for (const auto& x : all)
      remember(expected, x, newest);
    CHECK(expected.size() <= newest + 6);
    std::shuffle(all.begin(), all.end(), random);
    auto entries = std::vector<history_entry>{};
    for (const auto& x : all) {
      const auto before = entries;
      const auto changed = remember(entries, x, newest);
      REQUIRE(changed == (entries != before));
    }
    REQUIRE(entries == expected);
  }
}

TEST_CASE("a field that speaks much does not silence the others") {
  auto entries = std::vector<history_entry>{};
  remember(entries, entry(0, "status_pr", "opened"), 10);
  for (auto i = 1; i < 100; ++i)
    remember(entries, entry(i, "status_build", std::to_string(i)), 10);
  CHECK(entries.front().value == "opened");
  CHECK(entries[1].value == "1");
  CHECK(entries.size() == 12);
  CHECK(entries.back().value == "99");
  for (auto i = 1; i <= 4; ++i)
    remember(entries, entry(i, "status_pr", std::to_string(i)), 10);
  auto of_status_pr = std::string{};
  for (const auto& x : entries)
    if (x.field == "status_pr")
      of_status_pr += x.value + ' ';
  CHECK(of_status_pr == "opened 3 4 ");
}

TEST_CASE("readers see one entry for each change of a value") {
  auto entries = std::vector<history_entry>{};
  for (const auto& [seconds, field, value] :
       std::vector<std::tuple<int, std::string, std::string>>{{1, "status_build", "building"},
                                                              {2, "status_pr", "opened"},
                                                              {3, "status_build", "building"},
                                                              {4, "status_build", "buildPassed"},
                                                              {5, "status_build", "building"}})
    remember(entries, entry(seconds, field, value), 10);
  CHECK(show(entries).json ==
        R"([{"at":"1970-01-01T00:00:01Z","field":"status_build","value":"building","source":"test","by":"","delivery":"d"},)"
        R"({"at":"1970-01-01T00:00:02Z","field":"status_pr","value":"opened","source":"test","by":"","delivery":"d"},)"
        R"({"at":"1970-01-01T00:00:04Z","field":"status_build","value":"buildPassed","source":"test","by":"","delivery":"d"},)"
        R"({"at":"1970-01-01T00:00:05Z","field":"status_build","value":"building","source":"test","by":"","delivery":"d"}])");
  CHECK(show({}).json == "[]");
}

TEST_CASE("the same review by two people is two entries") {
  auto entries = std::vector<history_entry>{};
  for (const auto* by : {"mona", "hubot"}) {
    auto x = entry(1, "review", "approved");
    x.by = by;
    remember(entries, x, 10);
  }
  CHECK(show(entries).json.find("hubot") != std::string::npos);
  CHECK(show(entries).json.find("mona") != std::string::npos);
}

TEST_CASE("law 5: an entry's texts are cut, never inside a character, and a delivery id becomes printable") {
  auto x = entry(1, "title", std::string(199, 'a').append("\u00e9"), "id\n\xff\x01");
  bound(x);
  CHECK(x.value == std::string(199, 'a'));
  CHECK(x.delivery == "id???");
  CHECK(cut_utf8("\U0001F600", 3).empty());
  CHECK(cut_utf8("\u00e9", 2) == "\u00e9");
  CHECK(cut_utf8("", 0).empty());
}
