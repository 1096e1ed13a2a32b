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

/// API keys of users who follow repositories. A user is a text that the operator chose; nothing else is kept of one. What changes
/// something writes its audit line in the same transaction. All of these block, and throw refused_change when it cannot be done,
/// else what libpqxx throws.
namespace ingot::storage {

/// A user's id has 1 to so many bytes: letters, digits and `.`, `_`, `-`, `@`, `:`, `+`.
inline constexpr std::size_t user_id_bytes_max = 128;

/// What is wrong with a user's id, as a sentence; nothing when it is good.
std::optional<std::string> judge_user_id(std::string_view id);

struct user_key_record {
  std::int64_t id = 0;
  std::string user_id;
  std::string name;
  std::string prefix;
  timestamp created_at{};
  std::optional<timestamp> last_used_at; ///< to the hour
  std::optional<timestamp> revoked_at;
};

/// A key that was just made. Nobody can read `text` again.
struct new_user_key {
  std::string text;
  user_key_record row;
};

/// Makes a key of that user from `random` (the system's generator).
new_user_key create_user_key(connection& db, const std::string& user_id, const std::string& name,
                             const std::array<unsigned char, 32>& random, const operator_action& by);

/// Up to `limit` keys whose ids come after `after`, by id, of one user or of all.
std::vector<user_key_record> list_user_keys(connection& db, const std::optional<std::string>& user_id, std::int64_t after,
                                            unsigned limit);

/// Revokes a key. Revoking twice is no error. @param user_id only if it is this user's; absent: anybody's
/// @returns the key
user_key_record revoke_user_key(connection& db, std::int64_t id, const std::optional<std::string>& user_id,
                                const operator_action& by);

/// Whose key it is.
struct user_key_holder {
  std::int64_t key_id = 0;
  std::string user_id;
  bool revoked = false; ///< to be treated as unknown
};

/// Whose key has this hash (api_key_hash)? Nothing when nobody's. A live key is marked as used in the hour of `at`: one write an
/// hour and key.
std::optional<user_key_holder> find_user_key(connection& db, std::string_view hash, timestamp at);

} // namespace ingot::storage
