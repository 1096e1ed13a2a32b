#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace ingot::bench {

/// Counts durations in buckets whose width is at most 1/64 of the value, as an HDR histogram does.
class histogram {
public:
  void add(std::uint64_t nanoseconds) noexcept {
    ++buckets_[index(nanoseconds)];
    ++count_;
    max_ = std::max(max_, nanoseconds);
  }

  histogram& operator+=(const histogram& x) noexcept {
    for (std::size_t i = 0; i != buckets_.size(); ++i)
      buckets_[i] += x.buckets_[i];
    count_ += x.count_;
    max_ = std::max(max_, x.max_);
    return *this;
  }

  /// The duration in milliseconds that `share` (0 to 1) of all do not exceed; 0 when there are none.
  double quantile_ms(double share) const noexcept {
    if (count_ == 0)
      return 0;
    auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1)) + 1;
    for (std::size_t i = 0; i != buckets_.size(); ++i) {
      if (rank <= buckets_[i])
        return static_cast<double>(std::min(upper(i), max_)) / 1e6;
      rank -= buckets_[i];
    }
    return max_ms();
  }

  double max_ms() const noexcept { return static_cast<double>(max_) / 1e6; }
  std::uint64_t count() const noexcept { return count_; }

private:
  static constexpr unsigned sub = 6; // 2^6 buckets for each power of two

  static std::size_t index(std::uint64_t x) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(x | 1));
    if (width <= sub + 1)
      return x;
    const auto shift = width - sub - 1;
    return (std::size_t{shift} << sub) + (x >> shift);
  }

  static std::uint64_t upper(std::size_t i) noexcept {
    if (i < (2u << sub))
      return i;
    const auto shift = (i >> sub) - 1;
    return ((i - (shift << sub) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - sub + 1) << sub> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace ingot::bench
