#include "model/web_url.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace ingot {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

/// Takes the scheme away. @returns whether it was http or https
bool take_scheme(std::string_view& text) {
  for (const auto scheme : {std::string_view{"http://"}, std::string_view{"https://"}}) {
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; };
    if (text.size() >= scheme.size() &&
        std::equal(scheme.begin(), scheme.end(), text.begin(), [&](char wanted, char came) { return same(came, wanted); })) {
      text.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

bool is_port(std::string_view text) {
  auto port = 0U;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

/// A name's labels are not judged further: resolvers differ in what they take.
bool is_host(std::string_view text) {
  if (text.starts_with('[')) { // an IPv6 address
    const auto inner = text.substr(1, text.size() - 2);
    return text.ends_with(']') && inner.find(':') != std::string_view::npos &&
           std::all_of(inner.begin(), inner.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  return !text.empty() && !text.starts_with('.') && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_authority(std::string_view text) {
  const auto after_address = text.find(']');
  const auto colon = text.find(':', after_address == std::string_view::npos ? 0 : after_address);
  if (colon == std::string_view::npos)
    return is_host(text);
  return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

/// Of a path, a query and a fragment.
bool has_only_url_characters(std::string_view text) {
  constexpr auto others = std::string_view{"-._~:/?#[]@!$&'()*+,;=%"};
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    if (!is_letter_or_digit(text[i]) && others.find(text[i]) == std::string_view::npos)
      return false;
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])))
      return false;
  }
  return true;
}

} // namespace

bool is_web_url(std::string_view text) noexcept {
  if (!take_scheme(text))
    return false;
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  return is_authority(text.substr(0, end)) && has_only_url_characters(text.substr(end));
}

} // namespace ingot
