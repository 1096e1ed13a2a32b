#include "bench/faults/fault_script.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

using namespace ingot::faults;
using std::chrono::milliseconds;

namespace {

script_settings large(std::uint64_t seed) {
  auto out = script_settings{};
  out.seed = seed;
  out.nodes = 3;
  out.kills = 1'000;
  out.restarts = 200;
  out.stops = 40;
  out.length = std::chrono::minutes{30};
  out.others = all_other_faults();
  return out;
}

std::string text_of_file(const std::string& path) {
  auto in = std::ifstream{std::string{INGOT_SOURCE_DIR} + '/' + path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("the same seed gives the same script of faults, another seed another one") {
  CHECK(make_script(large(7)) == make_script(large(7)));
  CHECK_FALSE(make_script(large(7)) == make_script(large(8)));
  CHECK(make_up_life(large(7), 3, 1) == make_up_life(large(7), 3, 1));
}

TEST_CASE("a script of a thousand kills has fifty at each failpoint, the rest at random, and all restarts in its time") {
  const auto settings = large(3);
  const auto script = make_script(settings);
  auto at = std::map<int, int>{};
  auto stops = 0u;
  for (const auto& x : script.lives) {
    stops += x.stop ? 1 : 0;
    at[x.point] += x.stop ? 0 : 1;
    CHECK(x.patience > milliseconds{0});
  }
  CHECK(stops == 40);
  CHECK(at[no_failpoint] == 100);
  for (auto i = 0; i < static_cast<int>(failpoints.size()); ++i)
    CHECK(at[i] == 50);
  auto restarts = 0u;
  auto kinds = std::set<fault>{};
  auto before = milliseconds{0};
  for (const auto& x : script.faults) {
    CHECK(x.at >= before);
    CHECK(x.at < settings.length);
    CHECK(x.node < settings.nodes);
    before = x.at;
    restarts += x.what == fault::restart ? 1 : 0;
    kinds.insert(x.what);
  }
  CHECK(restarts == 200);
  CHECK(kinds.size() == fault_names.size());
  CHECK(std::any_of(script.lives.begin(), script.lives.end(),
                    [&](const life& x) { return x.stop && x.pause >= settings.lease * 2; }));
}

TEST_CASE("a script keeps to the failpoints that it is given") {
  auto settings = large(3);
  settings.points = {"before_commit", "search_step"};
  settings.kills = 10;
  settings.stops = 0;
  auto names = std::multiset<std::string_view>{};
  for (const auto& x : make_script(settings).lives)
    if (x.point != no_failpoint)
      names.insert(failpoints[static_cast<std::size_t>(x.point)].name);
  CHECK(names == std::multiset<std::string_view>{"before_commit", "search_step"});
}

TEST_CASE("scripts know every failpoint that the node has") {
  auto named = std::set<std::string>{};
  for (const auto* file : {"actors/content_intake.cpp", "actors/nightly_run.cpp", "actors/content_sweeper.cpp",
                           "actors/writer.cpp", "storage/spool.cpp", "storage/stripe_store.cpp", "storage/rollup.cpp",
                           "storage/content_store.cpp", "storage/search_store.cpp", "storage/batch_store.cpp"}) {
    const auto text = text_of_file(file);
    REQUIRE_FALSE(text.empty());
    const auto call = std::regex{"failpoint\\(\"([a-z_]+)\"\\)"};
    for (auto i = std::sregex_iterator{text.begin(), text.end(), call}; i != std::sregex_iterator{}; ++i)
      named.insert((*i)[1]);
  }
  auto known = std::set<std::string>{};
  for (const auto& x : failpoints)
    known.insert(std::string{x.name});
  CHECK(known == named);
}
