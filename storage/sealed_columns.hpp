#pragma once

#include "config/master_keys.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Every column that holds something sealed with the master key, as a rotation needs them. All of these block and throw what
/// libpqxx throws.
namespace ingot::storage {

/// How many values of one column are sealed with one key.
struct sealed_count {
  std::string column; ///< `sites.notify_secret`
  std::string key_id; ///< sealing::key_id; empty: it is damaged
  std::uint64_t values = 0;
};

/// By column, then by key.
std::vector<sealed_count> count_sealed(connection& db);

/// The columns, in the order in which they are sealed anew.
std::vector<std::string> sealed_columns();

/// What one step of sealing anew did.
struct reseal_step {
  std::uint64_t resealed = 0;
  std::vector<std::string> unopened; ///< places whose values open with no key that is at hand, and why
  std::int64_t last_id = 0;
  bool more = false; ///< go on after last_id
};

/// Values that one step looks at.
inline constexpr unsigned reseal_batch = 200;

/// Seals a batch of a column's values anew with the current key, in one transaction, in the order of ids: those after `after`
/// that another key sealed. Once more changes nothing.
reseal_step reseal(connection& db, const master_keys& keys, const std::string& column, std::int64_t after);

/// An audit line for a rotation to the key of that id.
void note_rotation(connection& db, const operator_action& by, const std::string& key_id, std::uint64_t resealed);

} // namespace ingot::storage
