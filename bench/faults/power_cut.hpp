#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::bench {

/// A write or a truncation of a file that no fsync has followed.
struct unsynced_change {
  bool is_write = false; ///< else a truncation
  std::uint64_t at = 0;  ///< or the new size
  std::string bytes;
};

/// Makes the change to `content`, of a write the bytes from `from` on, `length` of them.
inline void apply_change(std::string& content, const unsynced_change& x, std::uint64_t from = 0,
                         std::uint64_t length = std::string::npos) {
  if (!x.is_write) {
    content.resize(x.at);
    return;
  }
  const auto part = std::string_view{x.bytes}.substr(from, length);
  if (part.empty())
    return;
  content.resize(std::max<std::size_t>(content.size(), x.at + from + part.size()));
  content.replace(x.at + from, part.size(), part);
}

/// What a power cut leaves of a file whose bytes on the disk were `durable`. Of what was not synced, by `seed`: nothing, the
/// first changes and a part of the next, or any sectors of 512 bytes.
inline std::string after_power_cut(std::string durable, const std::vector<unsynced_change>& unsynced, std::uint64_t seed) {
  constexpr std::uint64_t sector_bytes = 512;
  std::mt19937_64 random{seed};
  const auto kind = random() % 3;
  if (kind == 0 || unsynced.empty())
    return durable;
  const bool in_order = kind == 1;
  const auto whole = in_order ? random() % unsynced.size() : unsynced.size();
  for (std::size_t i = 0; i < unsynced.size() && (!in_order || i <= whole); ++i) {
    const auto& x = unsynced[i];
    if (!x.is_write) {
      if (i < whole && (in_order || random() % 2 == 0))
        apply_change(durable, x);
      continue;
    }
    // Sectors as the disk has them, not as the write begins. Of a torn one the first.
    const auto end = in_order && i == whole ? random() % (x.bytes.size() + 1) : x.bytes.size();
    for (std::uint64_t from = 0; from < end;) {
      const auto length = std::min(sector_bytes - (x.at + from) % sector_bytes, x.bytes.size() - from);
      if (in_order || random() % 2 == 0)
        apply_change(durable, x, from, length);
      from += length;
    }
  }
  return durable;
}

} // namespace ingot::bench
