#include "model/public_address.hpp"

#include <algorithm>
#include <span>

namespace ingot {

namespace {

bool within_any(const ip_address& x, std::span<const ip_network> networks) {
  return std::any_of(networks.begin(), networks.end(), [&](const ip_network& n) { return contains(n, x); });
}

constexpr ip_network not_public_v4[] = {
    {{false, {0}}, 8},             // this network
    {{false, {10}}, 8},            // private
    {{false, {100, 64}}, 10},      // shared (CGNAT)
    {{false, {127}}, 8},           // loopback
    {{false, {169, 254}}, 16},     // link-local
    {{false, {172, 16}}, 12},      // private
    {{false, {192, 0, 0}}, 24},    // protocol assignments
    {{false, {192, 0, 2}}, 24},    // documentation
    {{false, {192, 88, 99}}, 24},  // 6to4 relays
    {{false, {192, 168}}, 16},     // private
    {{false, {198, 18}}, 15},      // benchmarks
    {{false, {198, 51, 100}}, 24}, // documentation
    {{false, {203, 0, 113}}, 24},  // documentation
    {{false, {224}}, 4},           // multicast
    {{false, {240}}, 4},           // reserved, broadcast
};

constexpr ip_network global_unicast{{true, {0x20}}, 3};

constexpr ip_network not_public_v6[] = {
    {{true, {0x20, 0x01, 0x00}}, 23},       // protocol assignments: Teredo, benchmarks, ORCHID
    {{true, {0x20, 0x01, 0x0d, 0xb8}}, 32}, // documentation
    {{true, {0x20, 0x02}}, 16},             // 6to4
    {{true, {0x3f, 0xff, 0x00}}, 20},       // documentation
};

} // namespace

bool is_public(const ip_address& x) {
  if (x.is_v6)
    return contains(global_unicast, x) && !within_any(x, not_public_v6);
  return !within_any(x, not_public_v4);
}

} // namespace ingot
