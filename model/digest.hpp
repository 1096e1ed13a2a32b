#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ingot {

/// A 64-bit digest of a sequence of values, the same on every machine and in every version of the node (it is stored).
/// Tells different contents apart; it is no protection against somebody who looks for collisions.
class digest {
public:
  digest& operator<<(std::string_view text) noexcept;
  digest& operator<<(const char* text) noexcept { return *this << std::string_view{text}; }
  digest& operator<<(std::int64_t x) noexcept { return mix(static_cast<std::uint64_t>(x)); }
  digest& operator<<(std::uint64_t x) noexcept { return mix(x); }
  digest& operator<<(bool x) noexcept { return mix(x ? 1 : 2); }
  digest& operator<<(timestamp x) noexcept { return *this << std::int64_t{x.time_since_epoch().count()}; }

  template <class T>
  digest& operator<<(const std::optional<T>& x) noexcept {
    *this << x.has_value();
    if (x)
      *this << *x;
    return *this;
  }

  /// Of everything put in so far.
  std::uint64_t value() const noexcept;

private:
  digest& mix(std::uint64_t x) noexcept;

  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

} // namespace ingot
