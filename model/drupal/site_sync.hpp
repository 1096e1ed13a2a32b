#pragma once

#include "model/drupal/inventory.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot::drupal {

/// What is stored of one module of a site, as a fingerprint.
struct known_module {
  std::uint64_t name = 0;     ///< reported_module::name_digest
  std::uint64_t reported = 0; ///< reported_module::digest of what was last reported
  std::int32_t module_id = 0;
  bool removed = false;
  bool needs_update = false; ///< its version misses a security update
};

/// The fingerprint of a site: what one needs to know to tell what a sync changes. Right as long as the site's row has `version`
/// and the releases have `security_generation`.
struct site_knowledge {
  bool loaded = false;
  std::int64_t version = 0;
  std::int64_t security_generation = 0;
  std::uint64_t site_digest = 0;
  std::vector<known_module> modules; ///< by `name`

  const known_module* find(std::uint64_t name) const noexcept;

  /// A hash of all installed modules and what is reported of them, for differential syncs: 32 hexadecimal digits.
  std::string state_hash() const;
};

/// What one sync changes.
struct site_change {
  std::vector<std::uint32_t> added;   ///< places in inventory::modules: never seen at this site
  std::vector<std::uint32_t> updated; ///< reported otherwise than before, or back again
  std::vector<std::int32_t> removed;  ///< module ids
  bool site = false;                  ///< site_info or a platform version differs

  bool modules() const noexcept { return !added.empty() || !updated.empty() || !removed.empty(); }
};

/// Compares what a sync says with what is known. Full syncs remove what they do not name, unless it was left out for a fault;
/// partial ones touch what they name; differences remove what they say. Notes what cannot be to `warnings`.
site_change compare(const site_knowledge& known, const inventory& said, std::vector<module_note>& warnings);

/// Enters what was written into the fingerprint. @param written module id and whether it misses a security update, of
/// change.added, then of change.updated
struct written_module {
  std::int32_t module_id = 0;
  bool needs_update = false;
};
void confirm(site_knowledge& known, const inventory& said, const site_change& change, const std::vector<written_module>& written);

enum class sync_outcome : std::uint8_t {
  applied,   ///< rows were written
  unchanged, ///< the site says what it said before
  stale,     ///< its sync_timestamp is older than the last applied one's: nothing is changed
};
std::string_view to_string(sync_outcome x) noexcept;

/// What became of one sync.
struct sync_result {
  std::string sync_id; ///< a UUID
  std::int64_t site_id = 0;
  sync_outcome outcome = sync_outcome::unchanged;
  std::size_t processed = 0, added = 0, updated = 0, removed = 0, security_updates = 0;
  std::vector<module_note> warnings, errors;
  std::string state_hash;
  timestamp next_sync_after{};
  double milliseconds = 0; ///< from the first byte of the body on
};

/// The body of the answer, and the result of an asynchronous sync's job.
std::string to_json(const sync_result& x);

/// When the site should come again: the first moment at least half an interval after `now` that is the site's own within the
/// interval, so that many sites do not come together.
timestamp next_sync(std::int64_t site_id, timestamp now, std::chrono::milliseconds interval);

/// A UUID of version 7 (RFC 9562): its order is that of `at`, in milliseconds. @param random 80 bits, of which 74 are used
std::string uuid_v7(timestamp at, const std::array<std::uint8_t, 10>& random);

} // namespace ingot::drupal
