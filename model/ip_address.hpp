#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// An IPv4 or IPv6 address.
struct ip_address {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes{}; ///< network order; of IPv4 the first four

  bool operator==(const ip_address&) const = default;
};

/// `192.0.2.1` or `2001:db8::1`, nothing around it.
std::optional<ip_address> parse_ip(const std::string& text);

/// As parse_ip() reads it.
std::string to_text(const ip_address& x);

/// The IPv4 address in an IPv4-mapped one (`::ffff:192.0.2.1`), as a socket of both families shows its IPv4 peers; others as they
/// are.
ip_address unmapped(const ip_address& x) noexcept;

/// The first `bits` of `first`.
struct ip_network {
  ip_address first;
  unsigned bits = 0; ///< 0 to 32, or to 128
};

/// Of one family, and in it.
bool contains(const ip_network& n, const ip_address& x) noexcept;

/// `127.0.0.1 10.0.0.0/8 ::1`, parted by blanks or commas; an address alone is a network of one.
/// @returns nothing when a part is none
std::optional<std::vector<ip_network>> parse_networks(std::string_view text);

} // namespace ingot
