#include "model/drupal/sync_decision.hpp"
#include "tests/model/inventory_body.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::drupal;
using ingot::testing::module_text;
using ingot::testing::sync_text;

namespace {

const auto now = *parse_rfc3339("2024-05-01T12:00:00Z");

site_facts good() {
  auto out = site_facts{};
  out.exists = out.key_good = true;
  return out;
}

inventory said(std::vector<module_text> modules, sync_text text = {}) {
  text.modules = std::move(modules);
  return std::move(std::get<inventory>(parse_inventory(text.text(), false)));
}

site_knowledge knows(const inventory& what, bool needs_update = false) {
  auto out = site_knowledge{};
  auto notes = std::vector<module_note>{};
  const auto change = compare(out, what, notes);
  auto written = std::vector<written_module>{};
  for (auto i = std::size_t{0}; i < change.added.size(); ++i)
    written.push_back({static_cast<std::int32_t>(i + 1), needs_update});
  confirm(out, what, change, written);
  return out;
}

} // namespace

TEST_CASE("a sync is admitted by its site, its key and the hour, in that order") {
  auto facts = good();
  CHECK(admit({}, {}, now, false).verdict == site_verdict::no_site);
  facts.key_good = false;
  CHECK(admit(facts, {}, now, false).verdict == site_verdict::key_revoked);
  CHECK(admit(facts, {}, now, true).verdict == site_verdict::taken); // admitted when it was stored
  facts.disabled = true;
  CHECK(admit(facts, {}, now, false).verdict == site_verdict::disabled);
  CHECK(admit(facts, {}, now, true).verdict == site_verdict::disabled);
}

TEST_CASE("law 5: the hour of a site is full at its limit, and one more may come when the oldest is an hour old") {
  auto facts = good();
  facts.rate_used = 59;
  facts.rate_oldest = now - std::chrono::minutes{50};
  const auto last = admit(facts, {}, now, false);
  CHECK(last.verdict == site_verdict::taken);
  CHECK(last.rate_used == 60);
  CHECK(last.rate_reset == std::chrono::minutes{10});
  facts.rate_used = 60;
  CHECK(admit(facts, {}, now, false).verdict == site_verdict::rate_limited);
  CHECK(admit(facts, {}, now, false).rate_used == 60);
  CHECK(admit(facts, {.syncs_per_hour = 0}, now, false).verdict == site_verdict::taken);
  facts.done = sync_result{}; // its first COMMIT counted it
  CHECK(admit(facts, {}, now, false).verdict == site_verdict::taken);
}

TEST_CASE("law 4: older than the last applied sync is stale, of the same time or newer is not") {
  auto facts = good();
  const auto what = said({{"a"}});
  facts.last_sync = what.sync_time + std::chrono::microseconds{1};
  const auto stale = decide(facts, {}, what, {});
  CHECK(stale.result.outcome == sync_outcome::stale);
  CHECK_FALSE(stale.change.modules());
  REQUIRE(stale.result.warnings.size() == 1);
  facts.last_sync = what.sync_time;
  CHECK(decide(facts, {}, what, {}).result.outcome == sync_outcome::applied);
}

TEST_CASE("a difference on another state is refused with the present one's hash, a stale or repeated one is not") {
  auto facts = good();
  const auto known = knows(said({{"a"}}));
  const auto difference = said({{"a", "2.0.0"}}, sync_text{}.set("base_hash", "\"other\""));
  const auto refused = decide(facts, known, difference, {});
  CHECK(refused.verdict == site_verdict::base_differs);
  CHECK(refused.result.state_hash == known.state_hash());
  facts.same_again = true;
  CHECK(decide(facts, known, difference, {}).result.outcome == sync_outcome::unchanged);
  facts.same_again = false;
  facts.last_sync = difference.sync_time + std::chrono::hours{1};
  CHECK(decide(facts, known, difference, {}).verdict == site_verdict::taken);
}

TEST_CASE("law 5: a site names so many modules and no more, those that it removed among them") {
  const auto known = knows(said({{"a"}, {"b"}}));
  CHECK(decide(good(), known, said({{"c"}}), {.modules_known_max = 3}).verdict == site_verdict::taken);
  CHECK(decide(good(), known, said({{"c"}, {"d"}}), {.modules_known_max = 3}).verdict == site_verdict::too_many);
}

TEST_CASE("security updates are counted beside what a sync writes") {
  const auto known = knows(said({{"a"}, {"b"}, {"c"}}), true);
  CHECK(insecure_modules(known) == 3);
  CHECK(decide(good(), known, said({{"a"}, {"b", "2.0.0"}}), {}).result.security_updates == 1);
  CHECK(decide(good(), known, said({{"a"}, {"b"}, {"c"}}), {}).result.security_updates == 3);
}
