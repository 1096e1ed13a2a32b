#include "net/client/address.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ingot::client {

namespace {

struct network {
  std::array<std::uint8_t, 16> bytes;
  unsigned bits;
};

bool within(const ip_address& x, const network& n) {
  const auto whole = n.bits / 8;
  if (!std::equal(n.bytes.begin(), n.bytes.begin() + whole, x.bytes.begin()))
    return false;
  const auto rest = n.bits % 8;
  return rest == 0 || ((x.bytes[whole] ^ n.bytes[whole]) >> (8 - rest)) == 0;
}

bool within_any(const ip_address& x, std::span<const network> networks) {
  return std::any_of(networks.begin(), networks.end(), [&](const network& n) { return within(x, n); });
}

constexpr network not_public_v4[] = {
    {{0}, 8},             // this network
    {{10}, 8},            // private
    {{100, 64}, 10},      // shared (CGNAT)
    {{127}, 8},           // loopback
    {{169, 254}, 16},     // link-local
    {{172, 16}, 12},      // private
    {{192, 0, 0}, 24},    // protocol assignments
    {{192, 0, 2}, 24},    // documentation
    {{192, 88, 99}, 24},  // 6to4 relays
    {{192, 168}, 16},     // private
    {{198, 18}, 15},      // benchmarks
    {{198, 51, 100}, 24}, // documentation
    {{203, 0, 113}, 24},  // documentation
    {{224}, 4},           // multicast
    {{240}, 4},           // reserved, broadcast
};

constexpr network global_unicast{{0x20}, 3};

constexpr network not_public_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       // protocol assignments: Teredo, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    {{0x20, 0x02}, 16},             // 6to4
    {{0x3f, 0xff, 0x00}, 20},       // documentation
};

} // namespace

std::optional<ip_address> parse_ip(const std::string& text) {
  auto out = ip_address{};
  if (::inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1)
    return out;
  out.is_v6 = ::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1;
  return out.is_v6 ? std::optional{out} : std::nullopt;
}

std::optional<ip_address> ip_of(const sockaddr& x) {
  auto out = ip_address{};
  if (x.sa_family == AF_INET) {
    auto v4 = sockaddr_in{};
    std::memcpy(&v4, &x, sizeof v4);
    std::memcpy(out.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return out;
  }
  if (x.sa_family == AF_INET6) {
    auto v6 = sockaddr_in6{};
    std::memcpy(&v6, &x, sizeof v6);
    std::memcpy(out.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    out.is_v6 = true;
    return out;
  }
  return std::nullopt;
}

bool is_public(const ip_address& x) {
  if (x.is_v6)
    return within(x, global_unicast) && !within_any(x, not_public_v6);
  return !within_any(x, not_public_v4);
}

} // namespace ingot::client
