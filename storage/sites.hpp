#pragma once

#include "model/api_key.hpp"
#include "model/time.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Sites and their API keys, as operators manage them. What changes something writes its audit line in the same transaction.
/// All of these block, and throw refused_change when it cannot be done, else what libpqxx throws.
namespace ingot::storage {

/// A site's own id is at most this, so that it is exact in every JSON reader.
inline constexpr std::int64_t site_id_max = std::int64_t{1} << 53;

/// A site's or a key's name has so many bytes at most.
inline constexpr std::size_t name_bytes_max = 255;

struct site_record {
  std::int64_t id = 0;
  std::string name;
  std::string environment; ///< as the site last reported it; empty: never
  std::string drupal_version;
  std::string php_version;
  std::optional<timestamp> disabled_at;
  timestamp created_at{};
  std::optional<timestamp> last_sync_at; ///< when a sync was last received
  std::string last_sync_outcome;         ///< as in `syncs`; empty: never
};

/// How much a site has installed now.
struct site_counts {
  std::int64_t modules = 0;
  std::int64_t enabled = 0;
  std::int64_t needing_security_update = 0;
};

struct api_key_record {
  std::int64_t id = 0;
  std::int64_t site_id = 0;
  std::string name;
  std::string prefix;
  timestamp created_at{};
  std::optional<timestamp> last_used_at; ///< to the hour
  std::optional<timestamp> revoked_at;
};

/// A key that was just made. Nobody can read `text` again.
struct new_api_key {
  std::string text;
  api_key_record row;
};

/// @returns the site's id: `id` (1 to site_id_max) when given, else the next free one. Refuses a taken id (conflict).
std::int64_t add_site(connection& db, const std::string& name, std::optional<std::int64_t> id, const operator_action& by);

/// Up to `limit` sites whose ids come after `after`, by id. @param needing only those that miss a security update, or miss none
std::vector<site_record> list_sites(connection& db, std::int64_t after, unsigned limit, std::optional<bool> needing = {});

std::optional<site_record> find_site(connection& db, std::int64_t id);

site_counts count_site_modules(connection& db, std::int64_t id);

/// The same of each of `sites`, in their order.
std::vector<site_counts> count_modules_of_sites(connection& db, const std::vector<site_record>& sites);

/// A disabled site's keys are refused as forbidden. Disabling twice changes nothing and is no error; so with enabling.
void disable_site(connection& db, std::int64_t id, const operator_action& by);
void enable_site(connection& db, std::int64_t id, const operator_action& by);

/// Makes a key of that site from `random` (the system's generator). Refuses an unknown site (not_found).
new_api_key create_key(connection& db, std::int64_t site_id, const std::string& name, const std::array<unsigned char, 32>& random,
                       const operator_action& by);

/// Up to `limit` keys whose ids come after `after`, by id, of one site or of all.
std::vector<api_key_record> list_keys(connection& db, std::optional<std::int64_t> site_id, std::int64_t after, unsigned limit);

/// Revokes the key that `id_or_prefix` names: its id in digits, or its prefix when no other key has it. Revoking twice is no
/// error. @returns the key
api_key_record revoke_key(connection& db, const std::string& id_or_prefix, const operator_action& by);

/// Whose key has this hash (api_key_hash)? Nothing when nobody's. A live key is marked as used in the hour of `at`: one write an
/// hour and key.
std::optional<api_key_holder> find_key(connection& db, std::string_view hash, timestamp at);

} // namespace ingot::storage
