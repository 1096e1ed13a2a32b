#pragma once

#include <atomic>
#include <cstdint>

namespace ingot::bench {

/// What the shim and whoever controls it share: a mapped file, zero where nothing is asked for. Plain atomics, so that both may
/// change it at any time.
struct shim_block {
  static constexpr std::uint64_t expected_magic = 0x314d494853474e49; // "INGSHIM1"
  static constexpr std::size_t prefix_bytes_max = 1024;

  std::uint64_t magic = expected_magic;
  char prefix[prefix_bytes_max] = {}; ///< absolute, without symbolic links: files whose path begins so are the shim's

  std::atomic<std::int64_t> syncs_to_fail{0};   ///< the next ones fail with EIO; below 0: all
  std::atomic<std::int64_t> room_bytes{-1};     ///< that may still be written before ENOSPC; below 0: no limit
  std::atomic<std::int64_t> tear_write_in{0};   ///< the n-th write from now reaches the file in part, then SIGKILL; 0: none
  std::atomic<std::int64_t> clock_offset_ns{0}; ///< added to the real-time clock

  std::atomic<std::uint64_t> writes{0};         ///< of the shim's files
  std::atomic<std::uint64_t> syncs{0};          ///< that succeeded
  std::atomic<std::uint64_t> failed_syncs{0};   ///< by order
  std::atomic<std::uint64_t> refused_writes{0}; ///< by order, wholly or in part
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

/// Names the mapped file to the shim.
inline constexpr const char* shim_variable = "INGOT_DISK_SHIM";

} // namespace ingot::bench
