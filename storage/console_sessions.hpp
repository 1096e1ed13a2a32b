#pragma once

#include "model/reviewer.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Browsers that are signed in to the console. All of these block, and throw refused_change when it cannot be done, else what
/// libpqxx throws.
namespace ingot::storage {

/// Past it the longest unseen session of the same person ends.
inline constexpr unsigned sessions_per_person_max = 20;

struct new_session {
  std::string token_hash;                  ///< session_token_hash()
  std::optional<std::int64_t> reviewer_id; ///< nothing: the admin token
  std::string password_hash;               ///< that the password was found to belong to; of the admin token: empty
  std::string admin_proof;                 ///< of the admin token: admin_proof()
  std::string actor;                       ///< for the audit log
  std::string address, agent;
  timestamp at{}, expires_at{};
};

/// Begins a session, with its audit line. Throws conflict when the account was removed, or got another password,
/// meanwhile. @returns its id
std::int64_t begin_session(connection& db, const new_session& x);

/// Whose session it is.
struct session_holder {
  std::int64_t id = 0;
  std::optional<std::int64_t> reviewer_id; ///< nothing: the admin token
  std::string name;                        ///< empty: the admin token
  person_role role = person_role::admin;
  std::string admin_proof;
  timestamp expires_at{};
};

/// Whose is the session of this hash? Nothing when it is unknown or over. It is marked as seen in the minute of `at`: one write a
/// minute and session.
std::optional<session_holder> find_session(connection& db, std::string_view token_hash, timestamp at);

struct session_record {
  std::int64_t id = 0;
  std::string name; ///< empty: the admin token
  person_role role = person_role::admin;
  std::string address, agent;
  timestamp created_at{}, last_seen_at{}, expires_at{};
};

/// Live sessions with ids below `before`, the newest first: one person's, or all. `whose`: nothing: all
std::vector<session_record> list_sessions(connection& db, const std::optional<std::int64_t>& whose, timestamp at,
                                          std::int64_t before, unsigned limit);

/// Ends a session, with its audit line. @param whose only if it is this person's; nothing: anybody's
void end_session(connection& db, std::int64_t id, const std::optional<std::int64_t>& whose, const char* action,
                 const operator_action& by);

} // namespace ingot::storage
