#include "model/drupal/sync_decision.hpp"

#include <algorithm>

namespace ingot::drupal {

namespace {

constexpr auto rate_window = std::chrono::hours{1};

bool is_insecure(const known_module& x) noexcept {
  return x.needs_update && !x.removed;
}

/// Known modules that miss a security update and are not written by this sync.
std::size_t insecure_beside(const site_knowledge& known, const inventory& said, const site_change& change) {
  auto count = insecure_modules(known);
  for (const auto i : change.updated)
    if (const auto* found = known.find(said.modules[i].name_digest); found != nullptr && is_insecure(*found))
      --count;
  for (const auto& x : known.modules)
    if (is_insecure(x) && std::binary_search(change.removed.begin(), change.removed.end(), x.module_id))
      --count;
  return count;
}

} // namespace

admission admit(const site_facts& facts, const site_limits& limits, timestamp received_at, bool was_admitted) {
  if (!facts.exists)
    return {site_verdict::no_site};
  if (facts.disabled)
    return {site_verdict::disabled};
  if (was_admitted)
    return {};
  if (!facts.key_good)
    return {site_verdict::key_revoked};
  if (facts.done)
    return {};
  const auto end_of_oldest = facts.rate_oldest.value_or(received_at) + rate_window;
  auto out = admission{};
  out.rate_reset = std::max(std::chrono::ceil<std::chrono::seconds>(end_of_oldest - received_at), std::chrono::seconds{1});
  out.rate_used = facts.rate_used;
  if (limits.syncs_per_hour > 0 && facts.rate_used >= limits.syncs_per_hour)
    out.verdict = site_verdict::rate_limited;
  else
    ++out.rate_used;
  return out;
}

decision decide(const site_facts& facts, const site_knowledge& known, const inventory& said, const site_limits& limits) {
  auto out = decision{};
  auto& result = out.result;
  result.warnings = said.warnings;
  result.errors = said.errors;
  const auto is_stale = facts.last_sync && said.sync_time < *facts.last_sync;
  // The same difference again: the state that it stood on is gone, by itself.
  const auto is_repeated = facts.same_again && !said.base_hash.empty();
  if (is_stale) {
    result.outcome = sync_outcome::stale;
    result.warnings.push_back(
        {0, "", "/sync_timestamp",
         "is older than the last applied sync's (" + to_rfc3339(*facts.last_sync) + "): nothing was changed"});
  } else if (!is_repeated && !said.base_hash.empty() && said.base_hash != known.state_hash()) {
    out.verdict = site_verdict::base_differs;
    result.state_hash = known.state_hash();
  } else {
    if (!is_repeated)
      out.change = compare(known, said, result.warnings);
    if (known.modules.size() + out.change.added.size() > limits.modules_known_max)
      out.verdict = site_verdict::too_many;
    result.outcome = out.change.modules() || out.change.site ? sync_outcome::applied : sync_outcome::unchanged;
    result.processed = said.modules.size();
    result.added = out.change.added.size();
    result.updated = out.change.updated.size();
    result.removed = out.change.removed.size();
  }
  result.security_updates = insecure_beside(known, said, out.change);
  return out;
}

std::size_t insecure_modules(const site_knowledge& known) noexcept {
  return static_cast<std::size_t>(std::count_if(known.modules.begin(), known.modules.end(), is_insecure));
}

} // namespace ingot::drupal
