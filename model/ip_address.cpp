#include "model/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ingot {

namespace {

std::optional<ip_network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto first = parse_ip(std::string{text.substr(0, slash)});
  if (!first)
    return std::nullopt;
  const auto most = first->is_v6 ? 128u : 32u;
  auto out = ip_network{*first, most};
  if (slash == std::string_view::npos)
    return out;
  const auto bits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), out.bits);
  if (error != std::errc{} || end != bits.data() + bits.size() || out.bits > most)
    return std::nullopt;
  return out;
}

} // namespace

std::optional<ip_address> parse_ip(const std::string& text) {
  auto out = ip_address{};
  if (text.find('\0') != text.npos) // it would end there for inet_pton
    return std::nullopt;
  if (::inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1)
    return out;
  out.is_v6 = ::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1;
  return out.is_v6 ? std::optional{out} : std::nullopt;
}

std::string to_text(const ip_address& x) {
  char text[INET6_ADDRSTRLEN] = {};
  return inet_ntop(x.is_v6 ? AF_INET6 : AF_INET, x.bytes.data(), text, sizeof text);
}

ip_address unmapped(const ip_address& x) noexcept {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!x.is_v6 || !std::equal(mapped.begin(), mapped.end(), x.bytes.begin()))
    return x;
  auto v4 = ip_address{};
  std::copy(x.bytes.begin() + 12, x.bytes.end(), v4.bytes.begin());
  return v4;
}

bool contains(const ip_network& n, const ip_address& x) noexcept {
  if (n.first.is_v6 != x.is_v6)
    return false;
  const auto whole = n.bits / 8;
  if (!std::equal(n.first.bytes.begin(), n.first.bytes.begin() + whole, x.bytes.begin()))
    return false;
  const auto rest = n.bits % 8;
  return rest == 0 || ((x.bytes[whole] ^ n.first.bytes[whole]) >> (8 - rest)) == 0;
}

std::optional<std::vector<ip_network>> parse_networks(std::string_view text) {
  auto out = std::vector<ip_network>{};
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", "), text.size());
    if (end > 0) {
      const auto one = parse_network(text.substr(0, end));
      if (!one)
        return std::nullopt;
      out.push_back(*one);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

} // namespace ingot
