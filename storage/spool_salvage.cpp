#include "storage/spool_file.hpp"

#include "storage/spool_log.hpp"
#include "storage/spool_record.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace std::string_view_literals;

namespace ingot::storage {

namespace {

fs::path with_suffix(const fs::path& path, const std::string& suffix) {
  return path.string() + suffix;
}

void copy_pair(const fs::path& from, const fs::path& to) {
  for (const char* part : {"", "-wal"}) {
    fs::remove(with_suffix(to, part));
    if (fs::exists(with_suffix(from, part)))
      fs::copy_file(with_suffix(from, part), with_suffix(to, part));
  }
}

void sync_pair(const fs::path& path) {
  for (const char* part : {"", "-wal"})
    sync_path(with_suffix(path, part));
}

void remove_file_of(const fs::path& path) {
  for (const char* part : {"", "-wal", "-shm"})
    fs::remove(with_suffix(path, part));
}

void restore_header_of(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return;
  char header[file_header_bytes] = {};
  (void)!::pread(fd, header, sizeof header, 0);
  restore_file_header(header);
  (void)!::pwrite(fd, header, sizeof header, 0);
  ::close(fd);
}

/// The rows of one view of the damaged file go into the new one.
class carrier {
public:
  explicit carrier(sqlite::file& to)
      : insert_(to, "INSERT OR IGNORE INTO waiting (sequence, source, id, checksum, record) VALUES (?1, ?2, ?3, ?4, ?5)"),
        present_(to, "SELECT 1 FROM waiting WHERE sequence = ?1") {}

  /// Takes what can be read of `view`, a spool file.
  void take_all(const fs::path& view) {
    try {
      sqlite::file from{view};
      // Lets SQLite read a file that is shorter than its first page says, and a schema that it would rather not.
      from.exec("PRAGMA writable_schema = ON");
      note_counter(from);
      const auto up = walk(from, "ORDER BY sequence");
      if (!up.to_end)
        between(from, up.last, walk(from, "ORDER BY sequence DESC").last, rows_max_of(view));
    } catch (const sqlite::error& e) {
      if (!e.distrusts_file() && (e.code() & 0xff) != SQLITE_ERROR)
        throw;
      // No table, or no database at all.
    }
  }

  std::size_t lost() {
    return static_cast<std::size_t>(std::count_if(damaged_.begin(), damaged_.end(), [&](std::int64_t sequence) {
      present_.bind(1, sequence);
      const bool there = present_.step();
      present_.reset();
      return !there;
    }));
  }

  /// The greatest sequence that was ever given, as far as a view knows; 0: none does.
  std::int64_t counter() const noexcept { return counter_; }

private:
  static constexpr const char* columns = "SELECT sequence, source, id, checksum, record FROM waiting ";

  void note_counter(sqlite::file& from) {
    try {
      // By its place, as the columns may have lost their names. Room for as many again, whatever a damaged one says.
      sqlite::statement counters{from, "SELECT * FROM sqlite_sequence"};
      while (counters.step())
        if (const auto told = counters.number(1); told < spool_sequence_max / 2)
          counter_ = std::max(counter_, told);
    } catch (const sqlite::error& e) {
      if (!e.distrusts_file() && (e.code() & 0xff) != SQLITE_ERROR)
        throw;
      // The other view may know.
    }
  }

  struct walked {
    std::int64_t last = 0; ///< the last sound row's; 0: there was none
    bool to_end = false;   ///< no damage came in the way
  };

  walked walk(sqlite::file& from, const char* order) {
    auto out = walked{};
    try {
      sqlite::statement rows{from, (std::string{columns} + order).c_str()};
      while (rows.step())
        if (take(rows))
          out.last = rows.number(0);
      out.to_end = true;
    } catch (const sqlite::error& e) {
      if (!e.distrusts_file())
        throw;
    }
    return out;
  }

  /// More rows than a file of this size, with its log, can hold: a record has 74 bytes at least. Sequences follow each other but
  /// for rows that were set aside or lost before, so a longer search would find nothing.
  static std::int64_t rows_max_of(const fs::path& view) {
    constexpr std::int64_t row_bytes_min = 64, gaps = 1'000, search_max = 10'000'000;
    auto bytes = std::uintmax_t{0};
    for (const char* part : {"", "-wal"})
      if (fs::exists(with_suffix(view, part)))
        bytes += fs::file_size(with_suffix(view, part));
    return std::min(search_max, static_cast<std::int64_t>(bytes) / row_bytes_min + gaps);
  }

  /// Asks for the rows between two damaged places: `low` is the last sound row before the first, `high` the first after the last;
  /// 0: there is none.
  void between(sqlite::file& from, std::int64_t low, std::int64_t high, std::int64_t rows_max) {
    if (high > 0)
      return one_by_one(from, std::max(low + 1, high - rows_max), high - 1, true);
    const auto told = last_told(from);
    if (told > low && told - low <= rows_max)
      return one_by_one(from, low + 1, told, true);
    if (low == 0 && told > 0)
      one_by_one(from, told - rows_max, told, true);
    // The counter is damaged, or gone: how many rows there were is not known.
    one_by_one(from, low + 1, low + rows_max, false);
  }

  /// Beyond a damaged page every row has its own way down the tree. @param exist whether there were such rows
  void one_by_one(sqlite::file& from, std::int64_t first, std::int64_t last, bool exist) {
    sqlite::statement row{from, (std::string{columns} + "WHERE sequence = ?1").c_str()};
    for (auto sequence = first; sequence <= last; ++sequence) {
      try {
        row.bind(1, sequence);
        if (row.step())
          take(row);
      } catch (const sqlite::error& e) {
        if (!e.distrusts_file())
          throw;
        damaged_.insert(exist ? sequence : first);
      }
      row.reset();
    }
  }

  /// The last sequence that was given, as the file says; 0 when it does not.
  static std::int64_t last_told(sqlite::file& from) {
    auto last = spool_sequence_max;
    for (const char* sql : {"SELECT seq FROM sqlite_sequence WHERE name = 'waiting'", "SELECT max(sequence) FROM waiting"}) {
      try {
        if (const auto told = from.number(sql); told > 0)
          last = std::min(last, told);
      } catch (const sqlite::error&) {
        // The other one may know.
      }
    }
    return last == spool_sequence_max ? 0 : last;
  }

  /// @returns whether it is sound
  bool take(sqlite::statement& row) {
    const auto sequence = row.number(0);
    const auto record = row.bytes(4);
    const auto d = from_record(record);
    if (!d || sequence <= 0 || sequence >= spool_sequence_max ||
        row_checksum(sequence, record) != static_cast<std::uint32_t>(row.number(3))) {
      damaged_.insert(sequence);
      return false;
    }
    // The record's own names: the columns are not under the checksum.
    insert_.bind(1, sequence).bind(2, d->source).bind(3, d->id).bind(4, row.number(3)).bind_blob(5, record).step();
    insert_.reset();
    return true;
  }

  sqlite::statement insert_;
  sqlite::statement present_;
  std::set<std::int64_t> damaged_;
  std::int64_t counter_ = 0;
};

fs::path free_name(const fs::path& path) {
  for (int n = 1;; ++n)
    if (auto name = with_suffix(path, ".damaged-" + std::to_string(n)); !fs::exists(name))
      return name;
}

/// What a salvage writes beside the damaged file. One that fails, for want of room mostly, leaves nothing of it: it is tried
/// again.
class copies_of_salvage {
public:
  explicit copies_of_salvage(std::vector<fs::path> paths) : paths_{std::move(paths)} {}
  copies_of_salvage(const copies_of_salvage&) = delete;
  copies_of_salvage& operator=(const copies_of_salvage&) = delete;
  ~copies_of_salvage() {
    std::error_code ignored;
    for (const auto& path : paths_)
      for (const char* part : {"", "-wal", "-shm"})
        fs::remove(with_suffix(path, part), ignored);
  }

  void keep() noexcept { paths_.clear(); }

private:
  std::vector<fs::path> paths_;
};

} // namespace

void restore_file_header(char* first_page) noexcept {
  struct part {
    std::size_t at;
    std::string_view bytes;
  };
  static constexpr part parts[] = {
      {0, "SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20"sv}, // pages of 4096 bytes, WAL, nothing reserved, fractions
      {28, "\0\0\0\0"sv},                                         // pages: it counts them
      {44, "\0\0\0\4"sv},                                         // the schema's format
      {56, "\0\0\0\1"sv},                                         // UTF-8
  };
  for (const auto& x : parts)
    x.bytes.copy(first_page + x.at, x.bytes.size());
}

std::string salvage(const fs::path& path, const std::string& reason) {
  const auto kept = free_name(path);
  const auto made = with_suffix(path, ".new");
  const auto view = with_suffix(path, ".view");
  copies_of_salvage copies{{kept, made, view}};
  copy_pair(path, kept);
  sync_pair(kept);
  remove_file_of(made);
  std::int64_t carried = 0;
  std::size_t lost = 0;
  {
    auto fresh = open_spool_file(made);
    carrier rows{*fresh};
    fresh->exec("BEGIN IMMEDIATE");
    // First as SQLite sees it, then with everything that was committed to the log: neither view alone is sure to show every row.
    // A row that only one of them has may have been forgotten already; the database knows its id.
    for (const bool forced : {false, true}) {
      remove_file_of(view);
      copy_pair(path, view);
      if (forced) {
        restore_header_of(view);
        force_log(with_suffix(view, "-wal"));
      }
      rows.take_all(view);
    }
    carried = fresh->number("SELECT count(*) FROM waiting");
    lost = rows.lost();
    // A sequence is used once, also that of a delivery that was forgotten long ago.
    fresh->exec("INSERT INTO sqlite_sequence (name, seq) SELECT 'waiting', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence)");
    fresh->exec(
        ("UPDATE sqlite_sequence SET seq = max(seq, " + std::to_string(rows.counter()) + ") WHERE name = 'waiting'").c_str());
    fresh->exec("COMMIT");
    // Closing would do it too, but could not tell that it failed.
    fresh->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  remove_file_of(view);
  fs::rename(made, with_suffix(path, ".salvaged"));
  copies.keep();
  sync_path(path.parent_path());
  finish_salvage(path);
  return "the spool was damaged (" + reason + "): " + std::to_string(carried) + " deliveries were carried over, at least " +
         std::to_string(lost) + " could not be read; the damaged file is kept as " + kept.string();
}

void finish_salvage(const fs::path& path) {
  const auto salvaged = with_suffix(path, ".salvaged");
  if (!fs::exists(salvaged))
    return;
  // Its log goes first: SQLite would apply it to the new file.
  fs::remove(with_suffix(path, "-wal"));
  fs::remove(with_suffix(path, "-shm"));
  sync_path(path.parent_path());
  fs::rename(salvaged, path);
  sync_path(path.parent_path());
}

} // namespace ingot::storage
