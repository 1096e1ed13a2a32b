#include "storage/spool_file.hpp"

#include "storage/spool_log.hpp"
#include "storage/spool_record.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <set>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace fs = std::filesystem;

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

void remove_file_of(const fs::path& path) {
  for (const char* part : {"", "-wal", "-shm"})
    fs::remove(with_suffix(path, part));
}

/// The first bytes of every file of ours, up to the change counter: magic, pages of 4096 bytes, WAL, fractions (SQLite, "Database
/// File Format").
void restore_first_bytes(const fs::path& file) {
  static constexpr unsigned char first_bytes[24] = {'S', 'Q', 'L', 'i',  't',  'e',  ' ',  'f',  'o',  'r',  'm',  'a',
                                                    't', ' ', '3', '\0', 0x10, 0x00, 0x02, 0x02, 0x00, 0x40, 0x20, 0x20};
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  (void)!::pwrite(fd, first_bytes, sizeof first_bytes, 0);
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
      const auto read_to = in_order(from);
      if (read_to)
        one_by_one(from, *read_to);
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

  /// The greatest sequence that was ever used, as far as any view knows.
  std::int64_t counter() const { return damaged_.empty() ? counter_ : std::max(counter_, *damaged_.rbegin()); }

private:
  static constexpr const char* columns = "SELECT sequence, source, id, checksum, record FROM waiting ";

  void note_counter(sqlite::file& from) {
    try {
      const auto told = from.number("SELECT seq FROM sqlite_sequence WHERE name = 'waiting'");
      // Room for as many again, whatever a damaged one says.
      if (told < std::numeric_limits<std::int64_t>::max() / 2)
        counter_ = std::max(counter_, told);
    } catch (const sqlite::error& e) {
      if (!e.distrusts_file() && (e.code() & 0xff) != SQLITE_ERROR)
        throw;
      // The other view may know.
    }
  }

  /// @returns nothing when it came to the end, else the last sequence before the damage.
  std::optional<std::int64_t> in_order(sqlite::file& from) {
    std::int64_t last = 0;
    try {
      sqlite::statement rows{from, (std::string{columns} + "ORDER BY sequence").c_str()};
      while (rows.step()) {
        take(rows);
        last = std::max(last, rows.number(0));
      }
      return std::nullopt;
    } catch (const sqlite::error& e) {
      if (!e.distrusts_file())
        throw;
      return last;
    }
  }

  /// Beyond a damaged page every row has its own way down the tree.
  void one_by_one(sqlite::file& from, std::int64_t after) {
    // No page of the tree has more rows below it, but the uppermost.
    constexpr std::int64_t below_one_page_max = 100'000;
    sqlite::statement row{from, (std::string{columns} + "WHERE sequence = ?1").c_str()};
    std::int64_t sound = after; // the last one whose way down the tree is sound
    for (std::int64_t sequence = after + 1, end = last_sequence(from, after); sequence <= end; ++sequence) {
      if (sequence - sound > below_one_page_max) {
        // Nothing can be found any more. How much there was nobody knows: one at least.
        damaged_.erase(damaged_.upper_bound(sound + 1), damaged_.end());
        return;
      }
      try {
        row.bind(1, sequence);
        if (row.step())
          take(row);
        sound = sequence;
      } catch (const sqlite::error& e) {
        if (!e.distrusts_file())
          throw;
        damaged_.insert(sequence);
      }
      row.reset();
    }
  }

  static std::int64_t last_sequence(sqlite::file& from, std::int64_t after) {
    // A damaged counter must not keep us for years.
    constexpr std::int64_t search_max = 10'000'000;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    for (const char* sql : {"SELECT seq FROM sqlite_sequence WHERE name = 'waiting'", "SELECT max(sequence) FROM waiting"}) {
      try {
        // One that says that there never was a row is believed, too: no search of ten million for nothing.
        if (const auto told = from.number(sql); told > after || told == 0)
          last = std::min(last, std::max(told, after));
      } catch (const sqlite::error&) {
        // The other one may know.
      }
    }
    return std::min(last, after + search_max);
  }

  void take(sqlite::statement& row) {
    const auto sequence = row.number(0);
    const auto record = row.bytes(4);
    const auto d = from_record(record);
    if (!d || row_checksum(sequence, record) != static_cast<std::uint32_t>(row.number(3))) {
      damaged_.insert(sequence);
      return;
    }
    // The record's own names: the columns are not under the checksum.
    insert_.bind(1, sequence).bind(2, d->source).bind(3, d->id).bind(4, row.number(3)).bind_blob(5, record).step();
    insert_.reset();
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

} // namespace

std::string salvage(const fs::path& path, const std::string& reason) {
  const auto kept = free_name(path);
  copy_pair(path, kept);
  const auto made = with_suffix(path, ".new");
  const auto view = with_suffix(path, ".view");
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
        restore_first_bytes(view);
        force_log(with_suffix(view, "-wal"));
      }
      rows.take_all(view);
    }
    carried = fresh->number("SELECT count(*) FROM waiting");
    lost = rows.lost();
    // A sequence is used once, also that of a delivery that was forgotten long ago.
    const auto counter = std::to_string(rows.counter());
    fresh->exec("INSERT INTO sqlite_sequence (name, seq) SELECT 'waiting', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence)");
    fresh->exec(("UPDATE sqlite_sequence SET seq = max(seq, " + counter + ") WHERE name = 'waiting'").c_str());
    fresh->exec("COMMIT");
    // Closing would do it too, but could not tell that it failed.
    fresh->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  remove_file_of(view);
  fs::rename(made, with_suffix(path, ".salvaged"));
  sync_folder(path.parent_path());
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
  sync_folder(path.parent_path());
  fs::rename(salvaged, path);
  sync_folder(path.parent_path());
}

} // namespace ingot::storage
