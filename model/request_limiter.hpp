#pragma once

#include "model/ip_address.hpp"
#include "model/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ingot {

/// A token bucket for each client address: full it holds a minute's requests, and it fills evenly (GCRA, the leaky bucket as a
/// meter of ITU-T I.371: one time a bucket is all there is to keep). An IPv6 /64 is one client. Memory is fixed: among more
/// addresses than it has places the one is forgotten whose bucket is nearest to full, so that nobody is ever allowed less than
/// its share. Thread-safe.
class request_limiter {
public:
  static constexpr std::size_t addresses_default = 65'536; // 1 MiB

  /// @param per_minute 0: everything is allowed
  /// @param seed by chance, so that nobody can choose addresses that fall together
  request_limiter(unsigned per_minute, std::uint64_t seed, std::size_t addresses_max = addresses_default);

  struct verdict {
    bool allowed = true;
    unsigned limit = 0;               ///< 0: there is none, and the rest says nothing
    unsigned remaining = 0;           ///< requests that would be allowed now
    std::chrono::seconds reset{0};    ///< until the bucket is full again, rounded up
    std::chrono::seconds retry_in{0}; ///< of a request that was not allowed: until one is, rounded up
  };

  /// Takes a token of the bucket of `who`.
  verdict take(const ip_address& who, timestamp now);

private:
  using clock_us = std::int64_t;
  struct place {
    std::uint64_t client = 0;
    clock_us full_at = 0; ///< 0: free
  };
  static constexpr std::size_t ways = 8;
  using place_set = std::array<place, ways>; // two cache lines

  place& place_of(std::uint64_t client, clock_us now);

  unsigned per_minute_;
  std::uint64_t seed_;
  std::vector<place_set> sets_;
  std::mutex mutex_;
};

} // namespace ingot
