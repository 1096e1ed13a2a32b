#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <filesystem>

namespace ingot::commands {

struct backup_options {
  std::filesystem::path folder; ///< is made; an empty one will do
  bool without_secrets = false;
  bool without_database = false; ///< the spool and the secrets alone: of a further node of the same database
};

/// Writes one consistent set into the folder, also while nodes run: whatever was acknowledged before is in it. Spool, database,
/// contents, in this order; why it is safe stands in docs/operating.md ("Backup and restore"). Throws std::runtime_error, and
/// leaves the folder empty then. @returns 1 when contents that the rows name are missing in the store: the rest is there
int backup(const settings& of, const backup_options& what, timestamp now, const terminal& to);

/// The folder of the contents' files.
std::filesystem::path blob_files_of(const settings& of);

} // namespace ingot::commands
