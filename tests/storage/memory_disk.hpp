#pragma once

#include "bench/faults/power_cut.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace ingot::testing {

/// A disk under SQLite that fails on demand and knows which bytes a power cut would leave (kill -9 proves nothing about fsync):
/// the default VFS while it lives. Files are held in memory while they are open and lie in the real folder while they are not, so
/// that whoever looks at them without SQLite sees them as well. Names are durable at once. One at a time, one thread.
class memory_disk {
public:
  memory_disk();
  ~memory_disk();
  memory_disk(const memory_disk&) = delete;
  memory_disk& operator=(const memory_disk&) = delete;

  int sync_code = SQLITE_OK;      ///< what every fsync says
  int write_code = SQLITE_OK;     ///< what every write says
  bool refuses_growth = false;    ///< it is full: SQLITE_FULL for every write beyond a file's end
  bool failed_sync_loses = false; ///< what a failed fsync was for never reaches the disk, whatever a later one says (Linux); else
                                  ///< it waits for the next one

  /// The process dies at the `n`-th write, truncation or fsync from now, which is not done; if it is a write and `torn`, half of
  /// it is. 0: it does not.
  void die_in(std::uint64_t n, bool torn);

  /// It dies now: nothing that is still done to open files happens.
  void die();
  bool is_dead() const noexcept { return dead_; }
  bool tore_a_write() const noexcept { return tore_; } ///< in this life

  /// The next life, once everything is closed. The files are as the process left them.
  void restart();

  /// The next life after a power cut, which leaves what after_power_cut() says, of each file of `folder`.
  void restart_after_power_cut(const std::filesystem::path& folder, std::uint64_t seed);

  std::uint64_t syncs = 0;        ///< so far
  std::uint64_t failed_syncs = 0; ///< by sync_code

private:
  friend struct memory_vfs;

  /// One file, by its inode.
  struct content {
    std::string bytes;   ///< as the process sees them
    std::string durable; ///< on the disk for sure
    std::vector<bench::unsynced_change> unsynced;
    bool dirty = false; ///< other than in the real folder
    int opened = 0;
  };

  content& content_of(const std::string& path);
  static void put_in_folder(const std::string& path, content& x);
  bool dies_here();

  std::map<std::uint64_t, content> contents_;
  std::uint64_t dies_in_ = 0;
  bool torn_ = false;
  bool tore_ = false;
  bool dead_ = false;
};

} // namespace ingot::testing
