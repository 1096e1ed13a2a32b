#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace ingot::storage {

/// Told about once a second how many bytes the dump has by now (while it is made; 0 while it is read in).
using dump_progress = std::function<void(std::uint64_t bytes)>;

/// Writes the whole database at `url` to `file` (mode 0600) by pg_dump, in its custom format, as the snapshot shows it. The
/// password goes through the environment (law 9). Throws std::runtime_error with what pg_dump said, or what to install.
/// @param snapshot of backup_snapshot::id()
/// @param server_major the server's major version: pg_dump must not be older
void dump_database(const std::string& url, const std::string& snapshot, int server_major, const std::filesystem::path& file,
                   const dump_progress& progress);

/// Reads such a file into the database at `url`, all of it or nothing: one transaction. Objects belong to whom `url` names.
/// Throws std::runtime_error with what pg_restore said, or what to install.
void restore_database(const std::string& url, int server_major, const std::filesystem::path& file, const dump_progress& progress);

} // namespace ingot::storage
