#include "model/drupal/site_sync.hpp"
#include "tests/model/inventory_body.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <set>

using namespace ingot;
using namespace ingot::drupal;
using namespace ingot::testing;

namespace {

inventory said(const std::vector<module_text>& modules, const sync_text& beside = {}, bool lenient = false) {
  auto x = beside;
  x.modules = modules;
  return std::move(std::get<inventory>(parse_inventory(x.text(), lenient)));
}

/// Applies a sync to the fingerprint as the database would; module ids come from one counter.
site_change apply(site_knowledge& known, const inventory& what, std::vector<module_note>* warnings = nullptr) {
  static std::int32_t next_id = 1;
  auto own = std::vector<module_note>{};
  const auto change = compare(known, what, warnings != nullptr ? *warnings : own);
  auto written = std::vector<written_module>{};
  for (std::size_t i = 0; i < change.added.size(); ++i)
    written.push_back({next_id++, false});
  for (const auto i : change.updated)
    written.push_back({known.find(what.modules[i].name_digest)->module_id, false});
  confirm(known, what, change, written);
  return change;
}

std::size_t installed(const site_knowledge& x) {
  return static_cast<std::size_t>(std::count_if(x.modules.begin(), x.modules.end(), [](const auto& m) { return !m.removed; }));
}

} // namespace

TEST_CASE("a first sync adds everything, the same again changes nothing") {
  auto known = site_knowledge{};
  const auto what = said({{"a"}, {"b"}, {"c"}});
  const auto first = apply(known, what);
  CHECK(first.added.size() == 3);
  CHECK(first.site);
  const auto second = apply(known, what);
  CHECK_FALSE(second.modules());
  CHECK_FALSE(second.site);
  CHECK(std::is_sorted(known.modules.begin(), known.modules.end(), [](const auto& x, const auto& y) { return x.name < y.name; }));
}

TEST_CASE("a full sync removes what it does not name, once, what comes back is updated") {
  auto known = site_knowledge{};
  apply(known, said({{"a"}, {"b"}, {"c"}}));
  const auto without = apply(known, said({{"a"}, {"c", "2.0.0"}}));
  CHECK(without.removed.size() == 1);
  CHECK(without.updated == std::vector<std::uint32_t>{1});
  CHECK(installed(known) == 2);
  CHECK(apply(known, said({{"a"}, {"c", "2.0.0"}})).removed.empty());
  const auto back = apply(known, said({{"a"}, {"b"}, {"c", "2.0.0"}}));
  CHECK(back.added.empty());
  CHECK(back.updated == std::vector<std::uint32_t>{1});
  CHECK(installed(known) == 3);
}

TEST_CASE("a partial sync touches only what it names") {
  auto known = site_knowledge{};
  apply(known, said({{"a"}, {"b"}}));
  const auto change = apply(known, said({{"c"}, {"a", "2.0.0"}}, sync_text{}.set("sync_type", "\"partial\"")));
  CHECK(change.added.size() == 1);
  CHECK(change.updated.size() == 1);
  CHECK(change.removed.empty());
  CHECK(installed(known) == 3);
}

TEST_CASE("a module that was left out for a fault never counts as removed") {
  auto known = site_knowledge{};
  apply(known, said({{"a"}, {"b"}, {"c"}}));
  const auto bad_b = said({{"a"}, module_text{"b"}.set("type", "0")}, {}, true);
  const auto change = apply(known, bad_b);
  CHECK(change.removed.size() == 1); // c
  CHECK(installed(known) == 2);
  // One whose name cannot be read may be any of them.
  CHECK(apply(known, said({{"a"}, module_text{"b"}.set("machine_name", "0")}, {}, true)).removed.empty());
}

TEST_CASE("a difference removes what it says, and warns of what it cannot") {
  auto known = site_knowledge{};
  apply(known, said({{"a"}, {"b"}, {"c"}}));
  auto warnings = std::vector<module_note>{};
  const auto change =
      apply(known, said({{"a", "2.0.0"}}, sync_text{}.set("base_hash", "\"x\"").set("removed", R"(["b","nobody","a","b"])")),
            &warnings);
  CHECK(change.removed.size() == 1);
  CHECK(change.updated.size() == 1);
  CHECK(warnings.size() == 2);
  CHECK(installed(known) == 2);
}

TEST_CASE("the state's hash tells states apart, whatever way they were reached") {
  auto one = site_knowledge{}, other = site_knowledge{};
  apply(one, said({{"a"}, {"b", "2.0.0"}}));
  apply(other, said({{"b"}, {"c"}}));
  CHECK(one.state_hash() != other.state_hash());
  apply(other, said({{"b", "2.0.0"}, {"a"}}));
  CHECK(one.state_hash() == other.state_hash());
  CHECK(one.state_hash().size() == 32);
  CHECK(site_knowledge{}.state_hash() != one.state_hash());
}

TEST_CASE("sites are spread over the interval by their ids, and none is asked too soon") {
  const auto now = *parse_rfc3339("2024-05-01T10:17:23Z");
  const auto hour = std::chrono::milliseconds{3'600'000};
  auto minutes = std::map<long, int>{};
  for (auto id = 1; id <= 10'000; ++id) {
    const auto at = next_sync(id, now, hour);
    REQUIRE(at >= now + hour / 2);
    REQUIRE(at < now + hour / 2 + hour + std::chrono::seconds{1});
    REQUIRE(next_sync(id, at, hour) == at + hour);
    ++minutes[std::chrono::duration_cast<std::chrono::minutes>(at.time_since_epoch()).count() % 60];
  }
  REQUIRE(minutes.size() == 60);
  for (const auto& [minute, sites] : minutes)
    CHECK(sites < 250); // 167 on average
}

TEST_CASE("ids of syncs are UUIDs of version 7 in the order of their times") {
  const auto at = *parse_rfc3339("2024-05-01T10:00:00.123Z");
  const auto one = uuid_v7(at, {0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7});
  CHECK(one == "018f3398-c17b-7fff-bf01-020304050607");
  CHECK(one < uuid_v7(at + std::chrono::milliseconds{1}, {}));
}

TEST_CASE("the answer of a sync is JSON with all its counts") {
  auto x = sync_result{};
  x.sync_id = "018f33d0-107b-7fff-bf01-020304050607";
  x.site_id = 7;
  x.outcome = sync_outcome::applied;
  x.processed = 3;
  x.added = 1;
  x.warnings.push_back({2, "a", "/modules/2/version", "un\"known"});
  x.milliseconds = 1.25;
  x.next_sync_after = *parse_rfc3339("2024-05-01T10:00:00Z");
  CHECK(
      to_json(x) ==
      R"({"success":true,"sync_id":"sync_018f33d0-107b-7fff-bf01-020304050607","site_id":7,"outcome":"applied","processed_count":3,)"
      R"("new_modules":1,"updated_modules":0,"removed_modules":0,"security_updates_found":0,)"
      R"("warnings":[{"index":2,"machine_name":"a","pointer":"/modules/2/version","message":"un\"known"}],"errors":[],)"
      R"("state_hash":"","processing_time_ms":1.250,"next_sync_after":"2024-05-01T10:00:00Z"})");
}
