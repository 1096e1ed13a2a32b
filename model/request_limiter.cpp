#include "model/request_limiter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ingot {

namespace {

constexpr std::int64_t minute_us = 60'000'000;

/// IPv4 addresses take the room of ::/96, where no IPv6 client is.
std::uint64_t client_of(const ip_address& x) {
  auto out = std::uint64_t{0};
  for (auto i = 0; i < (x.is_v6 ? 8 : 4); ++i)
    out = out << 8 | x.bytes[static_cast<std::size_t>(i)];
  return out;
}

/// The finalizer of MurmurHash3.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
  return x ^ x >> 33;
}

std::chrono::seconds rounded_up(std::int64_t us) {
  return std::chrono::ceil<std::chrono::seconds>(std::chrono::microseconds{std::max<std::int64_t>(us, 0)});
}

} // namespace

request_limiter::request_limiter(unsigned per_minute, std::uint64_t seed, std::size_t addresses_max)
    : per_minute_{per_minute}, seed_{seed},
      sets_(per_minute == 0 ? 1 : std::bit_ceil(std::max<std::size_t>(addresses_max / ways, 1))) {}

request_limiter::place& request_limiter::place_of(std::uint64_t client, clock_us now) {
  auto& set = sets_[mixed(client ^ seed_) & (sets_.size() - 1)];
  auto* fullest = &set.front();
  for (auto& x : set) {
    if (x.client == client && x.full_at != 0)
      return x;
    if (x.full_at < fullest->full_at)
      fullest = &x;
  }
  *fullest = {client, now};
  return *fullest;
}

request_limiter::verdict request_limiter::take(const ip_address& who, timestamp now) {
  if (per_minute_ == 0)
    return {};
  const auto at = static_cast<clock_us>(now.time_since_epoch().count());
  const auto each = minute_us / per_minute_;
  const auto lock = std::lock_guard{mutex_};
  auto& bucket = place_of(client_of(who), at);
  // A clock that was set back must not shut anybody out for longer than a minute.
  const auto full_at = std::clamp(bucket.full_at, at, at + minute_us);
  auto out = verdict{};
  out.limit = per_minute_;
  out.allowed = full_at + each <= at + minute_us;
  bucket.full_at = out.allowed ? full_at + each : full_at;
  out.remaining = static_cast<unsigned>((at + minute_us - bucket.full_at) / each);
  out.reset = rounded_up(bucket.full_at - at);
  if (!out.allowed)
    out.retry_in = rounded_up(full_at + each - at - minute_us);
  return out;
}

} // namespace ingot
