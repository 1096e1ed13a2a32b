#pragma once

#include "storage/connection.hpp"

#include <chrono>
#include <span>
#include <string_view>

namespace ingot::storage {

/// One numbered, forward-only step; from storage/migrations/NNNN_name.sql, built into the binary.
struct migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

/// All of them, ascending from 1.
std::span<const migration> all_migrations();

/// The version that the database is at (0: empty). Throws what libpqxx throws.
int migrated_to(connection& db);

/// Applies what is missing of `steps` (ascending from 1), each in a transaction of its own, under a lock that two nodes starting
/// together respect: the row `version = 0` of `schema_migrations`, held FOR UPDATE (no advisory lock: YugabyteDB). @returns how
/// many this call applied. Throws std::runtime_error when the database is newer than `steps`, and when it refuses a step (which
/// then left nothing); else what libpqxx throws. Waits up to migration_limit for another node and for each step.
int migrate(connection& db, std::span<const migration> steps = all_migrations());

/// One step, with the wait for another node's. Server and watchdog both allow that long.
inline constexpr milliseconds migration_limit = std::chrono::minutes{15};

} // namespace ingot::storage
