#pragma once

#include "model/reviewer.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Accounts of people who sign in to the console. What changes something writes its audit line in the same transaction, and ends
/// the sessions that it makes worthless. All of these block, and throw refused_change when it cannot be done, else what libpqxx
/// throws.
namespace ingot::storage {

struct reviewer_record {
  std::int64_t id = 0;
  std::string name, email;
  person_role role = person_role::reviewer;
  timestamp created_at{}, updated_at{};
  std::optional<timestamp> removed_at;
};

struct new_reviewer {
  std::string name, email;
  person_role role = person_role::reviewer;
  std::string password_hash; ///< hash_password()
};

/// Adds somebody, or takes somebody back who was removed. Throws conflict when there is somebody of that name.
reviewer_record add_reviewer(connection& db, const new_reviewer& x, const operator_action& by);

/// Up to `limit` of them whose ids come after `after`, by id; those who were removed, too.
std::vector<reviewer_record> list_reviewers(connection& db, std::int64_t after, unsigned limit);

/// Ends an account with all its sessions.
reviewer_record remove_reviewer(connection& db, const std::string& name, const operator_action& by);

/// Another password; all sessions end.
reviewer_record change_password(connection& db, const std::string& name, const std::string& password_hash,
                                const operator_action& by);

struct reviewer_credentials {
  reviewer_record row;
  std::string password_hash;
};

/// Who has this name and was not removed.
std::optional<reviewer_credentials> find_reviewer(connection& db, const std::string& name);

} // namespace ingot::storage
