#include "model/mcp/json_schema.hpp"

#include "model/ip_address.hpp"

#include <algorithm>

namespace ingot::mcp {

namespace {

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Unreserved characters, sub-delims, percent-encoded bytes, and those of `more`.
bool consists_of(std::string_view text, std::string_view more) noexcept {
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
        return false;
      i += 2;
    } else if (!is_letter(c) && !is_digit(c) && std::string_view{"-._~!$&'()*+,;="}.find(c) == std::string_view::npos &&
               more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_ip_literal(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) {
    const auto dot = text.find('.');
    return dot != std::string_view::npos && dot > 1 && dot + 1 < text.size() &&
           std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot), is_hex) &&
           consists_of(text.substr(dot + 1), ":") && text.find('%') == std::string_view::npos;
  }
  const auto address = parse_ip(std::string{text});
  return address && address->is_v6;
}

bool is_authority(std::string_view text) {
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!consists_of(text.substr(0, at), ":"))
      return false;
    text.remove_prefix(at + 1);
  }
  auto host = text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ip_literal(text.substr(1, end - 1)))
      return false;
    text.remove_prefix(end + 1);
    return text.empty() || (text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
  }
  const auto colon = text.find(':');
  host = text.substr(0, colon);
  return consists_of(host, "") && (colon == std::string_view::npos ||
                                   std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), is_digit));
}

} // namespace

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || !is_letter(text.front()) ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                   [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }))
    return false;
  auto rest = text.substr(colon + 1);
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    if (!consists_of(rest.substr(hash + 1), ":@/?"))
      return false;
    rest = rest.substr(0, hash);
  }
  if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
    if (!consists_of(rest.substr(mark + 1), ":@/?"))
      return false;
    rest = rest.substr(0, mark);
  }
  if (rest.starts_with("//")) {
    const auto slash = std::min(rest.find('/', 2), rest.size());
    return is_authority(rest.substr(2, slash - 2)) && consists_of(rest.substr(slash), ":@/");
  }
  return consists_of(rest, ":@/");
}

} // namespace ingot::mcp
