#pragma once

#include "model/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ingot::events {

/// Remembers stored views, so that most of those that come again are known as duplicates without a look at the database. What it
/// forgets the database knows: its memory is fixed, and an older view gives way to a newer one.
class recent_views {
public:
  /// Which viewer and rule, as 128 bits that nobody can choose (a part of a SHA-256).
  using key = std::array<std::uint64_t, 2>;

  explicit recent_views(std::size_t views_max = 65'536);

  /// Is a view known that is stored and less than `window` from `at`?
  bool covers(const key& of, timestamp at, std::chrono::microseconds window) const noexcept;

  /// The view is stored (COMMITted).
  void remember(const key& of, timestamp at) noexcept;

private:
  struct place {
    key of{};
    timestamp at{};
  };
  static constexpr std::size_t ways = 4;
  using place_set = std::array<place, ways>;

  const place_set& set_of(const key& of) const noexcept { return sets_[of[1] & (sets_.size() - 1)]; }

  std::vector<place_set> sets_;
};

} // namespace ingot::events
