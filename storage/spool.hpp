#pragma once

#include "config/settings.hpp"
#include "model/delivery.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ingot::storage {

/// One acknowledged delivery that waits for the database.
struct spooled {
  std::int64_t sequence = 0; ///< order of arrival
  delivery kept;
};

/// What keeps acknowledged deliveries while the database is away: a SQLite file (WAL, synchronous=FULL), of mode 0600 and for one
/// process. One thread at a time; depth() and bytes() from any. Throws std::runtime_error (spool or disk full, damaged): from
/// append, then nothing of that call is promised. After an I/O error (a failed fsync among them) the file is not trusted again:
/// every further append throws until it is opened anew.
class spool {
public:
  /// Opens or makes `data_dir/spool.sqlite`; recovers after a crash, and writes what was found once more before anything is built
  /// on it: an earlier process's fsync may have failed. Where the disk does not take that, what is there can be drained, and
  /// append throws. A damaged file is set aside (`spool.sqlite.damaged-<n>`) after all readable rows were carried over, and
  /// `damage()` says so. So is one whose last transaction was torn.
  spool(const std::filesystem::path& data_dir, const spool_settings& settings);
  ~spool();

  /// Keeps all of `items` in one transaction; when it returns they are on disk (law 1).
  /// @returns for each whether it was new (its (source, id) was not spooled yet).
  std::vector<bool> append(const std::vector<const delivery*>& items);

  /// The `count` oldest, fewer when their records pass `bytes_max` (but one at least). A row whose checksum does not hold is
  /// never among them: it is moved to the file's table `damaged`, and `damage()` says so.
  std::vector<spooled> oldest(std::size_t count, std::size_t bytes_max = 16 * 1024 * 1024);

  /// Forgets up to and including `sequence`, once the database has them.
  void forget_through(std::int64_t sequence);

  /// Moves one delivery to the file's table `damaged`, where it is in nobody's way: the database takes it in no form. damage()
  /// says so.
  void set_aside(std::int64_t sequence);

  std::size_t depth() const noexcept;         ///< rows waiting
  std::size_t bytes() const noexcept;         ///< approximate bytes of those
  const std::string& damage() const noexcept; ///< empty while the file is sound

  /// Whether append may succeed: not after the disk failed; one that is only full takes again when there is room.
  bool trusted() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::storage
