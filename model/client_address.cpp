#include "model/client_address.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ingot {

namespace {

std::string_view trimmed(std::string_view x) {
  const auto first = x.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return x.substr(first, x.find_last_not_of(" \t") - first + 1);
}

/// Parts of `x` between `mark`s, outside of quotes when there may be any.
std::vector<std::string_view> parts_of(std::string_view x, char mark, bool quotes = true) {
  auto out = std::vector<std::string_view>{};
  auto quoted = false;
  auto begin = std::size_t{0};
  for (auto i = std::size_t{0}; i < x.size(); ++i) {
    if (quotes && x[i] == '"')
      quoted = !quoted;
    else if (x[i] == '\\' && quoted)
      ++i;
    else if (x[i] == mark && !quoted) {
      out.push_back(trimmed(x.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  out.push_back(trimmed(x.substr(std::min(begin, x.size()))));
  return out;
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, each perhaps in quotes.
std::optional<ip_address> address_of_node(std::string_view x) {
  if (x.size() >= 2 && x.front() == '"' && x.back() == '"')
    x = x.substr(1, x.size() - 2);
  if (x.starts_with('[')) {
    const auto end = x.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_ip(std::string{x.substr(1, end - 1)});
  }
  if (std::count(x.begin(), x.end(), ':') == 1)
    x = x.substr(0, x.find(':'));
  return parse_ip(std::string{x});
}

/// The node behind `for=` of one element of Forwarded.
std::string_view for_node(std::string_view element) {
  for (const auto pair : parts_of(element, ';')) {
    const auto equals = pair.find('=');
    if (equals == 3 && (pair[0] | 32) == 'f' && (pair[1] | 32) == 'o' && (pair[2] | 32) == 'r')
      return trimmed(pair.substr(4));
  }
  return {};
}

} // namespace

ip_address client_address(const ip_address& peer, std::string_view forwarded, std::string_view x_forwarded_for,
                          std::span<const ip_network> trusted) {
  const auto is_trusted = [&](const ip_address& x) {
    return std::any_of(trusted.begin(), trusted.end(), [&](const ip_network& n) { return contains(n, x); });
  };
  auto nearest = unmapped(peer);
  if (trusted.empty() || !is_trusted(nearest))
    return nearest;
  const auto by_rfc = trimmed(x_forwarded_for).empty();
  const auto hops = parts_of(by_rfc ? forwarded : x_forwarded_for, ',', by_rfc);
  for (auto hop = hops.rbegin(); hop != hops.rend() && is_trusted(nearest); ++hop) {
    const auto before = address_of_node(by_rfc ? for_node(*hop) : *hop);
    if (!before)
      break;
    nearest = unmapped(*before);
  }
  return nearest;
}

} // namespace ingot
