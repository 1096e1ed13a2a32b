#pragma once

#include "bench/faults/power_cut.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace ingot::bench {

/// What a power cut would leave of one file: beside it lie a copy as it is on the disk for sure, and a log of everything that was
/// written since, each entry in the log before it is in the file. Both survive SIGKILL, as the file does. Not thread-safe.
/// Whatever fails here ends the process with a line on standard error: a disk that is half simulated proves nothing.
class volatile_file {
public:
  /// The state of the file with number `inode`, kept in `folder`, which exists. Nothing is touched.
  volatile_file(std::string folder, ino_t inode);
  volatile_file(volatile_file&& from) noexcept;
  volatile_file& operator=(volatile_file&&) = delete;
  ~volatile_file();

  /// Is there a state?
  bool exists() const;

  /// Begins a state: the disk holds `content_of` (a descriptor that can be read), or nothing (below 0).
  void begin(int content_of);

  /// Takes a state up that another process left.
  void resume();

  void write(std::uint64_t at, std::string_view bytes);
  void truncate(std::uint64_t size);

  /// All of it is on the disk now.
  void synced();

  /// A failed fsync: what was written since the last one will never reach the disk, whatever a later one says (Linux marks such
  /// pages clean).
  void lost();

  /// Forgets the file.
  void remove();

  /// The file's bytes after a power cut now (after_power_cut()).
  std::string after_cut(std::uint64_t seed);

  /// How many writes and truncations are not synced.
  std::size_t pending();

private:
  void open_both();
  std::vector<unsynced_change> entries();
  void append(bool is_write, std::uint64_t at, std::string_view bytes);

  std::string durable_path_;
  std::string log_path_;
  int durable_ = -1;
  int log_ = -1;
  std::uint64_t log_bytes_ = 0;
};

} // namespace ingot::bench
