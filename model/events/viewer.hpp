#pragma once

#include "model/ip_address.hpp"
#include "model/time.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::events {

/// A client's address as rows keep it: the first 16 bytes of an HMAC-SHA256, of an IPv6 address its /64. The key is another one
/// in each period, so that nobody can be followed for longer, and is derived from the master key, so that all nodes have the
/// same.
using viewer_id = std::array<unsigned char, 16>;

/// A client in the periods that its request touches.
class viewer {
public:
  /// @pre `period` was added
  const viewer_id& in(std::chrono::sys_days period) const;
  bool knows(std::chrono::sys_days period) const noexcept;

  /// `period`, or the known one that is nearest to it: a spooled request may be older than a change of the settings.
  /// @pre one was added
  std::chrono::sys_days nearest(std::chrono::sys_days period) const;

  void add(std::chrono::sys_days period, const viewer_id& id);

  /// `2026-11-16=<32 hexadecimal digits>`, parted by blanks: what may be kept of it on disk.
  std::string text() const;
  /// @returns nothing when `text` is none that text() made
  static std::optional<viewer> from_text(std::string_view text);

private:
  std::vector<std::pair<std::chrono::sys_days, viewer_id>> ids_; // one, mostly
};

/// Hashes addresses. Immutable; usable by any thread.
class viewer_hasher {
public:
  /// @param master_key the bytes of settings.master_key
  /// @param period_days 1 at least
  viewer_hasher(std::string master_key, unsigned period_days);

  /// The first day of the period of `at` (UTC); periods are counted from 1970.
  std::chrono::sys_days period_of(timestamp at) const noexcept;

  viewer_id hash(const ip_address& who, std::chrono::sys_days period) const;

private:
  std::string master_key_;
  std::chrono::days period_days_;
};

} // namespace ingot::events
