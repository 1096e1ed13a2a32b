#include "model/events/recent_views.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace ingot::events {

recent_views::recent_views(std::size_t views_max) : sets_(std::bit_ceil(std::max<std::size_t>(views_max / ways, 1))) {}

bool recent_views::covers(const key& of, timestamp at, std::chrono::microseconds window) const noexcept {
  const auto& set = set_of(of);
  return std::any_of(set.begin(), set.end(),
                     [&](const place& x) { return x.of == of && at > x.at - window && at < x.at + window; });
}

void recent_views::remember(const key& of, timestamp at) noexcept {
  auto& set = sets_[of[1] & (sets_.size() - 1)];
  auto* to = &set.front();
  for (auto& x : set) {
    if (x.of == of) {
      to = &x;
      break;
    }
    if (x.at < to->at)
      to = &x;
  }
  if (to->of != of || to->at < at)
    *to = {of, at};
}

} // namespace ingot::events
