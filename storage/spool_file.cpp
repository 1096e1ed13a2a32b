#include "storage/spool_file.hpp"

#include "config/test_switches.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace ingot::storage {

namespace {

constexpr int format_version = 1;

/// A file of version n says so twice: in user_version, and in application_id as this plus n (those of before say nothing there).
/// One that says two things is damaged.
constexpr int format_mark = 0x496E6700;

// What lies here was sent in confidence; SQLite gives the log the same rights.
void make_private(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    return;
  if (fd < 0)
    throw std::runtime_error("cannot make the spool " + path.string() + ": " + std::generic_category().message(errno));
  ::close(fd);
  sync_path(path.parent_path());
}

void make_tables(sqlite::file& f) {
  // Deliveries in order of arrival; never twice the same one of a sender.
  f.exec("CREATE TABLE IF NOT EXISTS waiting ("
         "sequence INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, id TEXT NOT NULL, "
         "checksum INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (source, id))");
  // Rows whose bytes are not what was written, and rows that the database takes in no form: kept for a person to look at.
  f.exec("CREATE TABLE IF NOT EXISTS damaged ("
         "sequence INTEGER, source TEXT, id TEXT, checksum INTEGER, record BLOB)");
}

void check(int code, const char* doing) {
  if (code != SQLITE_OK)
    throw sqlite::error{code, std::string{doing} + ": " + sqlite3_errstr(code) + " (SQLite code " + std::to_string(code) + ")"};
}

/// SQLite writes no more than 128 KiB at a time, and says of a larger piece that the disk is full (os_unix.c, seekAndWriteFd).
constexpr sqlite3_int64 piece_bytes = 64 * 1024;

/// Of an open file (of SQLite's) the first bytes.
void write_anew(sqlite3_file* f, sqlite3_int64 bytes_max) {
  if (f == nullptr || f->pMethods == nullptr)
    return;
  sqlite3_int64 size = 0;
  check(f->pMethods->xFileSize(f, &size), "the spool's size cannot be told");
  size = std::min(size, bytes_max);
  std::string part;
  for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(part.size())) {
    part.resize(static_cast<std::size_t>(std::min(size - at, piece_bytes)));
    check(f->pMethods->xRead(f, part.data(), static_cast<int>(part.size()), at), "the spool cannot be read");
    check(f->pMethods->xWrite(f, part.data(), static_cast<int>(part.size()), at), "the spool cannot be written anew");
  }
  if (size > 0 && !is_off(test_switch::fsync))
    check(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), "the spool cannot be synced");
}

/// The tables are there, rows can be added, and neither the counter nor a row keeps new ones from getting a sequence.
void check_tables(sqlite::file& f) {
  try {
    for (const char* sql : {"SELECT sequence, source, id, checksum, record FROM waiting LIMIT 0",
                            "SELECT sequence, source, id, checksum, record FROM damaged LIMIT 0",
                            "SELECT seq FROM sqlite_sequence WHERE name = 'waiting'"})
      f.number(sql);
    // Never run: its preparation alone looks at what AUTOINCREMENT and UNIQUE need.
    sqlite::statement{f, "INSERT INTO waiting (sequence, source, id, checksum, record) VALUES (?1, ?2, ?3, ?4, ?5) "
                         "ON CONFLICT (source, id) DO NOTHING"};
    for (const char* sql : {"SELECT max(seq) FROM sqlite_sequence", "SELECT max(sequence) FROM waiting"})
      if (const auto last = f.number(sql); last < 0 || last >= spool_sequence_max)
        throw sqlite::error{SQLITE_CORRUPT, "no spool comes to the sequence " + std::to_string(last)};
  } catch (const sqlite::error& e) {
    if (e.code() != SQLITE_ERROR)
      throw;
    throw sqlite::error{SQLITE_CORRUPT, e.what()};
  }
}

} // namespace

void write_anew(sqlite::file& f) {
  sqlite3_file* data = nullptr;
  sqlite3_file* log = nullptr;
  check(sqlite3_file_control(f.raw(), "main", SQLITE_FCNTL_FILE_POINTER, &data), "the spool's file is not open");
  check(sqlite3_file_control(f.raw(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), "the spool's log is not open");
  write_anew(data, 4096);
  write_anew(log, std::numeric_limits<sqlite3_int64>::max());
}

void sync_path(const std::filesystem::path& path) {
  if (is_off(test_switch::fsync))
    return;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  ::fsync(fd);
  ::close(fd);
}

std::unique_ptr<sqlite::file> open_spool_file(const std::filesystem::path& path) try {
  make_private(path);
  auto f = std::make_unique<sqlite::file>(path);
  f->exec("PRAGMA locking_mode = EXCLUSIVE");
  const auto version = f->number("PRAGMA user_version");
  // The header says that only newer programs may write: ours never does.
  if (sqlite3_db_readonly(f->raw(), "main") == 1 && ::access(path.c_str(), W_OK) == 0)
    throw sqlite::error{SQLITE_CORRUPT, "it says that it cannot be written"};
  if (version == 0) {
    // What a death left of the first transaction must not look like the end of what is written over it.
    f->number("PRAGMA wal_checkpoint(TRUNCATE)");
    // Before the first table: what is drained goes back to the file system. Later it would write for nothing.
    f->exec("PRAGMA auto_vacuum = INCREMENTAL");
  }
  f->exec("PRAGMA journal_mode = WAL");
  // Law 1: a COMMIT returns after the log is on disk.
  f->exec(is_off(test_switch::fsync) ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL");
  f->exec("PRAGMA journal_size_limit = 16777216");
  if (version > format_version && f->number("PRAGMA application_id") != format_mark + version)
    throw sqlite::error{SQLITE_CORRUPT, "its version is damaged"};
  if (version > format_version)
    throw std::runtime_error("the spool " + path.string() +
                             " was written by a newer version of this program: start that one until the "
                             "spool is drained, or move the file away");
  if (const auto found = f->text("PRAGMA integrity_check(1)"); found != "ok")
    throw sqlite::error{SQLITE_CORRUPT, found};
  if (version == format_version)
    check_tables(*f);
  if (version == 0) {
    f->exec("BEGIN IMMEDIATE");
    make_tables(*f);
    f->exec(("PRAGMA user_version = " + std::to_string(format_version)).c_str());
    f->exec(("PRAGMA application_id = " + std::to_string(format_mark + format_version)).c_str());
    f->exec("COMMIT");
  }
  return f;
} catch (const sqlite::error& e) {
  // Every SQLite since 2005 writes the schema's format as 1 to 4: another one is damaged.
  if (e.code() == SQLITE_ERROR && std::string_view{e.what()}.find("unsupported file format") != std::string_view::npos)
    throw sqlite::error{SQLITE_CORRUPT, e.what()};
  throw;
}

} // namespace ingot::storage
