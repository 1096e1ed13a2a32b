#pragma once

#include "model/drupal/site_sync.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot::storage {

/// One installed module, for a client that wants to send differences.
struct installed_version {
  std::string machine_name;
  std::string version; ///< empty: unknown
  bool enabled = false;
};

/// What a site has installed now, as differential syncs know it.
struct site_state {
  std::string hash;                       ///< drupal::site_knowledge::state_hash()
  std::optional<timestamp> last_sync;     ///< the greatest sync_timestamp that was applied
  std::vector<installed_version> modules; ///< by machine name
};

/// The state of a site, read in one statement. An unknown site has none of it. Throws what libpqxx throws.
site_state read_site_state(connection& db, std::int64_t site_id);

} // namespace ingot::storage
