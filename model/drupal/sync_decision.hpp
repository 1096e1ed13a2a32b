#pragma once

#include "model/drupal/site_sync.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace ingot::drupal {

/// Whether a sync is taken.
enum class site_verdict : std::uint8_t {
  taken,        ///< applied, or stored as a job
  no_site,      ///< there is no such site
  disabled,     ///< the site is disabled
  key_revoked,  ///< the key that was good a moment ago is not any more
  rate_limited, ///< the site's syncs of the last hour are used up
  base_differs, ///< the state that the difference stands on is not the present one
  too_many,     ///< the site has named more modules than it may
  busy,         ///< another transaction holds the site: to be tried again in a moment
};

/// What is known of a site and a sync before it is applied.
struct site_facts {
  bool exists = false, disabled = false, key_good = false, notifies = false;
  std::int64_t version = 0, security_generation = 0;
  std::optional<timestamp> last_sync; ///< the greatest sync_timestamp that was applied
  std::size_t rate_used = 0;          ///< syncs of the last hour, stored ones that wait among them
  std::optional<timestamp> rate_oldest;
  bool same_again = false;         ///< the newest applied sync had the same body
  std::optional<sync_result> done; ///< this very sync was committed before
};

/// What a site may do.
struct site_limits {
  std::size_t syncs_per_hour = 60;        ///< 0: no limit
  std::size_t modules_known_max = 20'000; ///< that it may ever name
};

/// Whether a sync may come in, and what is left of its site's hour.
struct admission {
  site_verdict verdict = site_verdict::taken;
  std::size_t rate_used = 0;          ///< this one included when it is taken
  std::chrono::seconds rate_reset{0}; ///< until one more may come when they are used up, else until the oldest is forgotten
};

/// @param was_admitted it was stored as a job: neither its key nor the hour counts any more
admission admit(const site_facts& facts, const site_limits& limits, timestamp received_at, bool was_admitted);

/// What a sync comes to: a result without counts of what only the database knows, and what it changes.
struct decision {
  site_verdict verdict = site_verdict::taken;
  sync_result result; ///< security_updates: of modules that this sync does not write
  site_change change;
};

/// Law 4: what is older than the last applied sync changes nothing; of the same time, the one that comes later counts.
decision decide(const site_facts& facts, const site_knowledge& known, const inventory& said, const site_limits& limits);

/// Installed modules that miss a security update.
std::size_t insecure_modules(const site_knowledge& known) noexcept;

} // namespace ingot::drupal
