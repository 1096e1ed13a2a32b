#include "model/drupal/version.hpp"
#include "tests/model/recorded.hpp"
#include "tests/support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <simdjson.h>
#include <vector>

using namespace ingot::drupal;

namespace {

version parsed(std::string_view text) {
  CAPTURE(text);
  auto found = parse_version(text);
  REQUIRE(found);
  CHECK(found->text == text);
  return *found;
}

/// Real strings when they are there, else some of each form.
std::vector<std::string> real_versions() {
  auto found = std::vector<std::string>{};
  const auto folder = ingot::testing::shared_data() / "drupal";
  if (std::filesystem::exists(folder)) {
    simdjson::dom::parser parser;
    for (auto x : parser.load((folder / "versions.json").string()).get_array())
      found.emplace_back(std::string_view{x["version"]});
    auto rejected = std::ifstream{folder / "versions-rejected-by-published-regex.txt"};
    for (std::string line; std::getline(rejected, line);)
      if (!line.empty())
        found.push_back(line);
    return found;
  }
  WARN("no recorded Drupal versions beside the tree: a few of our own stand in");
  return {"8.x-1.0", "7.x-1.x-dev", "10.3.0-beta1", "3.x-dev", "8.x-1.6+4-dev", "6.x-0.2b-m0.2", "4.0.0-beta4+12-dev"};
}

} // namespace

TEST_CASE("every version that Drupal reports in the wild is accepted and kept as it came") {
  const auto all = real_versions();
  for (const auto& text : all)
    CHECK(parsed(text).sort_key.size() <= 3 * version_size_max);
  CHECK(all.size() >= 7);
}

TEST_CASE("Drupal versions compare in the order in which they are released") {
  const std::vector<std::vector<std::string>> sequences = {
      // A contrib module's life under legacy names, with snapshots after releases and the branch's tip at the end.
      {"7.x-1.0",
       "7.x-1.1+2-dev",
       "7.x-1.2",
       "7.x-1.10",
       "7.x-1.x-dev",
       "7.x-2.0-beta1",
       "7.x-2.0-beta1+10-dev",
       "7.x-2.0",
       "8.x-1.0-dev",
       "8.x-1.0-unstable2",
       "8.x-1.0-alpha1",
       "8.x-1.0-alpha1+10-dev",
       "8.x-1.0-alpha2",
       "8.x-1.0-alpha12",
       "8.x-1.0-beta2",
       "8.x-1.0-beta2+16-dev",
       "8.x-1.0-beta3",
       "8.x-1.0-rc1",
       "8.x-1.0-rc1+1-dev",
       "8.x-1.0-rc15",
       "8.x-1.0",
       "8.x-1.0+1-dev",
       "8.x-1.0+10-dev",
       "8.x-1.1",
       "8.x-1.37",
       "8.x-1.x-dev",
       "8.x-2.0",
       "2.0.0",
       "2.0.1",
       "3.0.0-alpha1",
       "3.0.0",
       "3.0.x-dev",
       "3.1.0",
       "3.x-dev",
       "10.0.0"},
      // Core.
      {"7.0", "7.98", "8.0.0-beta1", "8.0.0-rc4", "8.0.0", "8.0.9", "8.0.10", "8.0.x-dev", "8.6.18", "8.6.x-dev", "8.8.1",
       "9.5.11", "10.0.0-rc1", "10.0.0", "10.3.0-beta1", "10.3.0", "11.28.2"},
      // Free forms are below all that the grammar knows.
      {"main", "8.x-0.1"},
      {"v2", "v10", "va"},
  };
  for (const auto& sequence : sequences)
    for (std::size_t i = 0; i < sequence.size(); ++i)
      for (std::size_t j = i + 1; j < sequence.size(); ++j) {
        INFO(sequence[i] << " < " << sequence[j]);
        CHECK(parsed(sequence[i]) < parsed(sequence[j]));
        CHECK(parsed(sequence[i]).sort_key < parsed(sequence[j]).sort_key);
      }
}

TEST_CASE("the releases of every real project's branch compare in the order of their dates") {
  const auto file = ingot::testing::shared_data() / "drupal/releases.jsonl";
  if (!std::filesystem::exists(file)) {
    WARN("not found, so not shown here: recorded releases " << file.string());
    return;
  }
  auto branches = std::map<std::string, std::map<std::int64_t, version>>{};
  simdjson::dom::parser parser;
  auto lines = std::ifstream{file};
  for (std::string line; std::getline(lines, line);) {
    const auto x = parser.parse(line);
    std::int64_t at = 0;
    if (x["datestamp"].get(at) != simdjson::SUCCESS)
      continue;
    const auto text = std::string{std::string_view{x["version"]}};
    const auto major = text.substr(0, text.find('.', text.find(".x-") == std::string::npos ? 0 : text.find(".x-") + 3));
    const auto found = parsed(text);
    if (found.kind == version_kind::release) // a snapshot is dated by the day it was packed
      branches[std::string{std::string_view{x["project"]}} + ' ' + major].insert_or_assign(at, found);
  }
  auto compared = 0;
  for (const auto& [branch, releases] : branches)
    for (auto x = releases.begin(); x != releases.end() && std::next(x) != releases.end(); ++x, ++compared) {
      INFO(branch << ": " << x->second.text << " before " << std::next(x)->second.text);
      CHECK(x->second.sort_key <= std::next(x)->second.sort_key);
    }
  CHECK(compared > 400);
}

TEST_CASE("a Drupal version tells a release from a development snapshot and from a free form") {
  for (const auto* text : {"8.x-1.0-rc2", "7.x-3.1", "10.3.0-beta1", "2.4", "1.0.0-RC1", "3"})
    CHECK(parsed(text).kind == version_kind::release);
  for (const auto* text : {"8.x-1.x-dev", "3.x-dev", "8.0.x-dev", "8.x-1.6+4-dev", "4.0.0-beta4+9-dev", "1.x", "8.x-dev"})
    CHECK(parsed(text).kind == version_kind::development);
  for (const auto* text :
       {"6.x-0.2b-m0.2", "8.0.10-1.x", "main", "1.2.3.4", "1..2", "x", "8.x-", "1.0+", "1.0+4", "1.0-beta1-dev", "a b"})
    CHECK(parsed(text).kind == version_kind::free_form);
}

TEST_CASE("what is empty, too long or not printable is no Drupal version") {
  for (const auto* text : {"", " 1.0", "1.0 ", "1.0\n", "1.0\t", "1.0\x7f", "1.0 \xc3\xa9"})
    CHECK_FALSE(parse_version(text));
  CHECK_FALSE(parse_version(std::string_view{"1.0\0", 4}));
  CHECK(parse_version(std::string(version_size_max, '9')));
  CHECK_FALSE(parse_version(std::string(version_size_max + 1, '9')));
}

TEST_CASE("numbers of a Drupal version have no limit but the text's") {
  CHECK(parsed("8.x-1." + std::string(40, '9')) < parsed("8.x-2.0"));
  CHECK(parsed("1.99999999999999999999") < parsed("1.100000000000000000000"));
  CHECK(parsed("1.007") > parsed("1.6"));
  CHECK(parsed("1.0").sort_key == parsed("1.00").sort_key);
  CHECK(parsed("1.0") != parsed("1.00")); // other texts, other versions
}

TEST_CASE("any text of printable characters is a Drupal version, and all are in one order") {
  auto chance = std::mt19937{7};
  const std::string_view some = "0129.x-+devalphbtrc ~";
  auto all = std::vector<version>{};
  for (auto i = 0; i < 300; ++i) {
    auto text = std::string{};
    for (auto n = 1 + chance() % 12; n > 0; --n)
      text += some[chance() % some.size()];
    if (auto x = parse_version(text))
      all.push_back(*x);
    else
      CHECK((text.front() == ' ' || text.back() == ' '));
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 1; i < all.size(); ++i)
    CHECK_FALSE(all[i] < all[i - 1]);
}
