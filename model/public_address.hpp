#pragma once

#include "model/ip_address.hpp"

namespace ingot {

/// Is it an address of the open internet? By IANA's special-purpose registries (RFC 6890 and what updates it): not private,
/// loopback, link-local, shared (CGNAT), multicast, reserved, for documentation or benchmarks, unspecified; of IPv6 nothing
/// outside 2000::/3 (so no unique-local, IPv4-mapped or NAT64 address either), and none that wraps an IPv4 address (6to4,
/// Teredo).
bool is_public(const ip_address& x);

} // namespace ingot
