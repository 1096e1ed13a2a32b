#pragma once

#include "storage/sqlite.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace ingot::storage {

/// Of every file of SQLite's ("Database File Format").
inline constexpr std::size_t file_header_bytes = 100;

/// No spool comes to such a sequence: a file that has one is damaged.
inline constexpr std::int64_t spool_sequence_max = std::int64_t{1} << 62;

/// Opens the spool's file at `path` or makes it (mode 0600), with its tables, ready for use by this process alone.
/// Throws sqlite::error; is_damage() when the file's structure is not sound.
std::unique_ptr<sqlite::file> open_spool_file(const std::filesystem::path& path);

/// Writes what earlier processes left, the log and the file's first page, once more as it can be read, and syncs it: it may never
/// have reached the disk, and after a failed fsync a later one tells nothing of what was written before (Linux marks such pages
/// clean). The file's other pages are safe: SQLite syncs them before it gives their log up. Throws sqlite::error.
void write_anew(sqlite::file& f);

/// Does the write-ahead log beside `path` end where its last whole transaction ends? SQLite takes a log up to its first frame
/// with a wrong checksum, and says nothing of what comes after.
bool log_is_sound(const std::filesystem::path& path);

/// Makes a new spool of every row of the damaged one at `path` that can be read and whose checksum holds; the damaged file and
/// its log are kept beside it as `<path>.damaged-<n>`. Survives being killed at any point: finish_salvage() takes it up. @returns
/// a report for people.
std::string salvage(const std::filesystem::path& path, const std::string& reason);

/// Writes anew what the header of every file of ours says (SQLite, "Database File Format"); as for its pages, that there are as
/// many as there are. For a copy that is salvaged. @param first_page its first file_header_bytes at least
void restore_file_header(char* first_page) noexcept;

/// Puts a finished salvage in the spool's place, if there is one. Call it before opening.
void finish_salvage(const std::filesystem::path& path);

/// Makes what a file holds durable, or the names in a folder, as far as the file system can.
void sync_path(const std::filesystem::path& path);

} // namespace ingot::storage
