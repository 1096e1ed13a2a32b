#pragma once

#include "bench/faults/shim_block.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace ingot::bench {

/// Holds the strings of the disk shim (disk_shim.cpp) of one node: the disk under the files whose path begins with a prefix fails
/// on demand, loses what was not synced, and the node's clock jumps. Takes effect at once, in the running node as in its next
/// lives. Throws std::runtime_error when its own files cannot be made or read.
class shim_control {
public:
  /// Makes `file` (the shared block) and the folder `file`.disk (what a power cut would leave); both are removed with this
  /// object. `prefix`: as `data/spool.sqlite`, whose folder exists. Make it before the node's first start.
  shim_control(std::filesystem::path file, const std::filesystem::path& prefix);
  ~shim_control();
  shim_control(const shim_control&) = delete;
  shim_control& operator=(const shim_control&) = delete;

  /// What a node is to be started with: LD_PRELOAD and INGOT_DISK_SHIM. For the program itself, by exec: what it starts in its
  /// turn has no shim, so that a shell between them would keep it for itself.
  std::map<std::string, std::string> environment() const;

  /// fsync and fdatasync fail with EIO: the next `count`, or until fail_syncs(0) when it is below 0. What was written before
  /// a failed one does not survive a power cut, whatever a later one says.
  void fail_syncs(std::int64_t count);

  /// From now on `bytes` may be written, then ENOSPC; nothing: as much as one likes.
  void set_room(std::optional<std::uint64_t> bytes);

  /// The `n`-th write from now reaches the file by half, and the node is killed (SIGKILL). 0: takes it back.
  void tear_write(std::int64_t n);

  /// The node's real-time clock is wrong by `by` from now on.
  void set_clock(std::chrono::nanoseconds by);

  /// After the node was SIGKILLed, before it is started again: brings all files to what the disk holds after a power cut. Of what
  /// was not synced, by `seed` and for each file: nothing, the first writes and part of one, or any sectors. Whoever changes
  /// these files without the shim in between (a test that opens the spool itself) makes this worthless.
  /// @returns how many writes and truncations had not been synced; 0: the cut was an ordinary kill.
  std::size_t cut_power(std::uint64_t seed);

  /// What the shim has counted.
  const shim_block& seen() const noexcept { return *block_; }

private:
  std::filesystem::path file_;
  std::filesystem::path prefix_;
  shim_block* block_ = nullptr;
};

} // namespace ingot::bench
