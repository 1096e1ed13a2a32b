#pragma once

#include <cstddef>
#include <filesystem>

namespace ingot::storage {

/// What a look at SQLite's write-ahead log shows ("WAL-mode File Format" in SQLite's documentation).
struct log_state {
  std::size_t frames = 0;    ///< that belong together by their salts, whatever their checksums
  std::size_t sound = 0;     ///< of these up to the first wrong checksum: what SQLite would take
  std::size_t committed = 0; ///< of these up to the last end of a transaction
  bool is_sound() const noexcept { return committed <= sound; }
};

log_state inspect_log(const std::filesystem::path& log);

/// Makes SQLite take all committed frames, by computing their checksums anew: a flipped byte then harms one page instead of
/// everything that was written after it. For a copy, of which only rows with a checksum of their own are believed.
void force_log(const std::filesystem::path& log);

} // namespace ingot::storage
