#pragma once

#include "config/settings.hpp"
#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The records of syncs, for readers, and how long they are kept. All of these block, and throw what libpqxx throws.
namespace ingot::storage {

struct sync_record {
  std::string id; ///< `sync_<uuid>`
  std::int64_t site_id = 0;
  std::string type;    ///< full | partial
  std::string outcome; ///< applied | unchanged | stale | failed
  timestamp sync_timestamp{};
  timestamp received_at{};
  std::int64_t processed = 0;
  std::int64_t new_modules = 0;
  std::int64_t updated_modules = 0;
  std::int64_t removed_modules = 0;
  std::int64_t security_updates = 0;
  std::int64_t warnings = 0;
  std::int64_t errors = 0;
  double duration_ms = 0;
  std::optional<std::int64_t> job_id;
  std::string error; ///< or empty
};

/// Up to `limit` syncs of a site, the newest first; older than the sync `after` unless it is empty. Throws refused_change when
/// `after` is no sync id.
std::vector<sync_record> list_syncs(connection& db, std::int64_t site_id, const std::string& after, unsigned limit);

/// Deletes records of syncs received more than `syncs_days` before `now`, up to 10,000 of them. A site's newest
/// successful sync, and its newest full one, are what tells when its modules were last seen: they stay.
/// @returns how many were deleted; 0: there are no more
std::int64_t apply_sync_retention(connection& db, timestamp now, const retention_settings& keep);

/// The UUID in `sync_<uuid>`. Throws refused_change (bad_parameter) when it is none.
std::string uuid_of_sync(const std::string& sync_id);

} // namespace ingot::storage
