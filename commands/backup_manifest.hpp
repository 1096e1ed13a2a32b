#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::commands {

/// One file of a backup.
struct backup_file {
  std::string path; ///< below the backup's folder
  std::uint64_t bytes = 0;
  std::string sha256; ///< hexadecimal
};

/// What `manifest.json` says of a backup. It is written last: a folder without one is no whole backup.
struct backup_manifest {
  static constexpr int format_now = 1;

  int format = format_now;
  std::string ingot_version;
  int schema_version = 0;       ///< of the database; 0: it is not in the backup
  std::string server_version;   ///< of PostgreSQL; empty: the same
  std::string begun_at;         ///< RFC 3339: whatever was acknowledged before is in the backup
  std::uint64_t spooled = 0;    ///< deliveries in its spool
  std::string blobs;            ///< `folder`: they are in the backup; `s3`: they are not; `none`: without the database
  std::uint64_t blob_count = 0; ///< that are in it
  std::uint64_t blob_bytes = 0;
  std::uint64_t blobs_missing = 0; ///< that the rows name and the store did not have
  bool secrets = false;
  std::vector<backup_file> files; ///< without the blobs, which blob_list_file names
};

inline constexpr std::string_view manifest_file = "manifest.json";
inline constexpr std::string_view dump_file = "database.dump";
inline constexpr std::string_view spool_file = "spool.sqlite";
inline constexpr std::string_view blob_list_file = "blobs.sha256"; ///< as sha256sum writes it
inline constexpr std::string_view blob_folder_name = "blobs";

std::string to_json(const backup_manifest& x);

/// Throws std::runtime_error that says what is wrong: no manifest (an unfinished backup), a damaged one, a newer format.
backup_manifest read_manifest(const std::filesystem::path& folder);

/// SHA-256 and size of a file. Throws std::runtime_error.
backup_file measure(const std::filesystem::path& folder, const std::string& path);

/// Copies `from` to `to` (mode 0600, on the disk when it returns if `durable`), and measures it on the way. Throws
/// std::runtime_error; @returns nothing in `sha256` when there is no `from`.
backup_file copy_measured(const std::filesystem::path& from, const std::filesystem::path& to, bool durable);

/// One line of blob_list_file, and back. @returns an entry without `sha256` for what is none
std::string blob_line(const backup_file& x);
backup_file parse_blob_line(std::string_view line);

/// Makes the whole file system of `folder` durable. Throws std::runtime_error.
void sync_file_system_of(const std::filesystem::path& folder);

} // namespace ingot::commands
