#include "storage/spool.hpp"

#include "config/failpoints.hpp"
#include "storage/spool_file.hpp"
#include "storage/spool_record.hpp"
#include "storage/sqlite.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace ingot::storage {

namespace {

/// Free pages (of 4 KiB) in an empty spool that are worth giving back.
constexpr std::int64_t free_pages_max = 256;

/// Rows of the spool and their records' bytes. A flipped bit makes text of a record, whose length is told in characters: only
/// then it is cast, for which SQLite reads all of it.
constexpr const char* measure_waiting =
    R"(SELECT count(*), coalesce(sum(CASE typeof(record) WHEN 'blob' THEN length(record) ELSE length(CAST(record AS BLOB)) END), 0)
       FROM waiting WHERE sequence <= ?1)";

std::unique_ptr<sqlite::file> open_or_salvage(const std::filesystem::path& path, std::string& damage) {
  finish_salvage(path);
  if (!log_is_sound(path))
    damage = salvage(path, "its log breaks off");
  try {
    return open_spool_file(path);
  } catch (const sqlite::error& e) {
    if (!e.is_damage())
      throw std::runtime_error("cannot open the spool " + path.string() + ": " + e.what());
    damage = salvage(path, e.what());
  }
  return open_spool_file(path);
}

} // namespace

struct spool::impl {
  impl(const std::filesystem::path& path, const spool_settings& limits) : settings(limits), file(open_or_salvage(path, damage)) {
    count();
    last_sequence = std::max(file->number("SELECT max(sequence) FROM waiting"),
                             file->number("SELECT seq FROM sqlite_sequence WHERE name = 'waiting'"));
    try {
      settle();
    } catch (const sqlite::error& e) {
      // What is there can be drained all the same; append tries again where that makes sense.
      if (e.distrusts_file())
        distrust = e.what();
    }
  }

  /// Before this nothing may be built on what an earlier life left, not even that a delivery is there already.
  void settle() {
    if (settled)
      return;
    write_anew(*file);
    // What a death left behind the log's end must not look like a part of what is written over its beginning.
    file->number("PRAGMA wal_checkpoint(TRUNCATE)");
    settled = true;
  }

  struct size {
    std::size_t rows;
    std::size_t bytes;
  };

  /// Of the deliveries up to and including `sequence`.
  size measured(std::int64_t sequence) {
    measure.bind(1, sequence).step();
    const size found{static_cast<std::size_t>(measure.number(0)), static_cast<std::size_t>(measure.number(1))};
    measure.reset();
    return found;
  }

  void count() {
    const auto all = measured(spool_sequence_max);
    depth = all.rows;
    bytes = all.bytes;
  }

  /// Runs `work` in a transaction. Remembers when the file is not to be trusted any more.
  template <class Work>
  void transaction(Work&& work) {
    try {
      file->exec("BEGIN IMMEDIATE");
      work();
      file->exec("COMMIT");
    } catch (const std::exception& e) {
      const auto* refused = dynamic_cast<const sqlite::error*>(&e);
      if (refused != nullptr && refused->distrusts_file())
        distrust = refused->what();
      roll_back();
      if (refused != nullptr)
        throw std::runtime_error(std::string{"the spool failed: "} + refused->what());
      throw;
    }
  }

  void roll_back() noexcept {
    try {
      file->exec("ROLLBACK");
    } catch (const std::exception&) {
      // SQLite has rolled back by itself after most errors.
    }
  }

  void forgotten(const size& x) noexcept {
    depth -= std::min<std::size_t>(depth, x.rows);
    bytes -= std::min<std::size_t>(bytes, x.bytes);
  }

  void set_aside(const std::vector<std::int64_t>& sequences, const char* why);
  void shrink() noexcept;

  spool_settings settings;
  std::string damage;
  std::unique_ptr<sqlite::file> file;
  // Keeps a delivery, unless this sender's delivery is there.
  sqlite::statement insert{*file, "INSERT INTO waiting (sequence, source, id, checksum, record) VALUES (?1, ?2, ?3, ?4, ?5) "
                                  "ON CONFLICT (source, id) DO NOTHING RETURNING 1"};
  // The next ones in order.
  sqlite::statement select{*file, "SELECT sequence, checksum, record FROM waiting ORDER BY sequence LIMIT ?1"};
  // What the database has.
  sqlite::statement remove{*file, "DELETE FROM waiting WHERE sequence <= ?1"};
  // How much that is.
  sqlite::statement measure{*file, measure_waiting};
  std::int64_t last_sequence = 0;
  bool settled = false; ///< all that can be read is on the disk, and the log is empty
  std::string distrust; ///< why no append is taken any more; empty: it is
  std::atomic<std::size_t> depth{0};
  std::atomic<std::size_t> bytes{0};
};

void spool::impl::set_aside(const std::vector<std::int64_t>& sequences, const char* why) {
  auto moved = size{};
  transaction([&] {
    // For a person to look at; no longer in the way.
    sqlite::statement keep{*file,
                           "INSERT INTO damaged SELECT sequence, source, id, checksum, record FROM waiting WHERE sequence = ?1"};
    sqlite::statement weigh{*file, "SELECT length(CAST(record AS BLOB)) FROM waiting WHERE sequence = ?1"};
    sqlite::statement drop{*file, "DELETE FROM waiting WHERE sequence = ?1"};
    for (auto sequence : sequences) {
      if (weigh.bind(1, sequence).step()) {
        ++moved.rows;
        moved.bytes += static_cast<std::size_t>(weigh.number(0));
      }
      weigh.reset();
      for (auto* s : {&keep, &drop}) {
        s->bind(1, sequence).step();
        s->reset();
      }
    }
  });
  forgotten(moved);
  damage += (damage.empty() ? "" : "; ") + std::to_string(sequences.size()) + " deliveries in the spool " + why +
            ", from number " + std::to_string(sequences.front()) + ": they are not delivered, and kept in its table `damaged`";
}

void spool::impl::shrink() noexcept {
  try {
    if (file->number("PRAGMA freelist_count") <= free_pages_max)
      return;
    file->exec("PRAGMA incremental_vacuum");
    file->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const sqlite::error& e) {
    // Nothing depends on it, unless it shows that the disk fails.
    if (e.distrusts_file())
      distrust = e.what();
  }
}

spool::spool(const std::filesystem::path& data_dir, const spool_settings& settings)
    : impl_(std::make_unique<impl>(data_dir / "spool.sqlite", settings)) {}

spool::~spool() = default;

std::vector<bool> spool::append(const std::vector<const delivery*>& items) {
  auto& s = *impl_;
  if (!s.distrust.empty())
    throw std::runtime_error("the spool is not trusted after an error (" + s.distrust + "): it must be opened anew");
  try {
    s.settle();
  } catch (const sqlite::error& e) {
    if (e.distrusts_file())
      s.distrust = e.what();
    throw std::runtime_error(std::string{"the spool failed: "} + e.what());
  }
  std::vector<bool> added(items.size());
  auto sequence = s.last_sequence;
  std::size_t count = 0;
  std::size_t bytes = 0;
  s.transaction([&] {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto record = to_record(*items[i]);
      s.insert.bind(1, sequence + 1).bind(2, items[i]->source).bind(3, items[i]->id);
      s.insert.bind(4, std::int64_t{row_checksum(sequence + 1, record)}).bind_blob(5, record);
      added[i] = s.insert.step();
      s.insert.reset();
      if (!added[i])
        continue;
      ++sequence;
      ++count;
      bytes += record.size();
      if (s.bytes + bytes > s.settings.bytes_max)
        throw std::runtime_error("spool is full: over " + std::to_string(s.settings.bytes_max) + " bytes wait for the database");
    }
    failpoint("before_spool_commit");
  });
  failpoint("after_spool_commit");
  s.last_sequence = sequence;
  s.depth += count;
  s.bytes += bytes;
  return added;
}

std::vector<spooled> spool::oldest(std::size_t count, std::size_t bytes_max) {
  auto& s = *impl_;
  std::vector<spooled> found;
  std::vector<std::int64_t> damaged;
  std::size_t bytes = 0;
  try {
    s.select.bind(1, static_cast<std::int64_t>(count));
    while (s.select.step()) {
      const auto sequence = s.select.number(0);
      const auto record = s.select.bytes(2);
      bytes += record.size();
      if (bytes > bytes_max && !found.empty())
        break;
      auto d = from_record(record);
      if (d && row_checksum(sequence, record) == static_cast<std::uint32_t>(s.select.number(1)))
        found.push_back({sequence, std::move(*d)});
      else
        damaged.push_back(sequence);
    }
    s.select.reset();
  } catch (const sqlite::error& e) {
    s.select.reset();
    if (e.distrusts_file())
      s.distrust = e.what();
    throw std::runtime_error(std::string{"the spool cannot be read: "} + e.what());
  }
  if (damaged.empty())
    return found;
  s.set_aside(damaged, "are not what was written");
  return found.empty() ? oldest(count, bytes_max) : found;
}

void spool::forget_through(std::int64_t sequence) {
  auto& s = *impl_;
  auto gone = impl::size{};
  s.transaction([&] {
    gone = s.measured(sequence);
    s.remove.bind(1, sequence).step();
    s.remove.reset();
  });
  s.forgotten(gone);
  if (s.depth == 0)
    s.shrink();
}

void spool::set_aside(std::int64_t sequence) {
  impl_->set_aside({sequence}, "are refused by the database in every form");
}

std::size_t spool::depth() const noexcept {
  return impl_->depth;
}

std::size_t spool::bytes() const noexcept {
  return impl_->bytes;
}

const std::string& spool::damage() const noexcept {
  return impl_->damage;
}

bool spool::trusted() const noexcept {
  return impl_->distrust.empty();
}

} // namespace ingot::storage
