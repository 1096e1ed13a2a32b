#pragma once

#include "storage/connection.hpp"

#include <span>
#include <string>
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

/// Applies what is missing, each in a transaction, under a lock (a row of `schema_migrations` locked FOR UPDATE; no advisory lock) that two nodes
/// starting together respect. @returns how many were applied. Throws std::runtime_error when the database is newer than this program.
int migrate(connection& db);

} // namespace ingot::storage
