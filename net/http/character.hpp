#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The character classes of RFC 9110 section 5 and RFC 3986, as one table.
namespace ingot::http::character {

inline constexpr std::uint8_t token = 1; ///< tchar
inline constexpr std::uint8_t value = 2; ///< field-vchar, obs-text, space, tab
inline constexpr std::uint8_t target =
    4; ///< what a request target may hold: pchar, `/`, `?`, `%`, and `[]|^{}"<>\`` that senders leave bare
inline constexpr std::uint8_t host = 8; ///< unreserved: no sub-delims and no `%`, which no name in use has

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> t{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const auto in = [c](std::string_view set) { return c < 128 && set.find(static_cast<char>(c)) != std::string_view::npos; };
    if (alnum || in("!#$%&'*+-.^_`|~"))
      t[c] |= token;
    if (c == '\t' || (c >= 0x20 && c != 0x7F))
      t[c] |= value;
    if (c > 0x20 && c < 0x7F && !in("#\"<>\\"))
      t[c] |= target;
    if (alnum || in("-._~"))
      t[c] |= host;
  }
  return t;
}

inline constexpr auto classes = make_classes();

constexpr bool is(char c, std::uint8_t cls) noexcept {
  return classes[static_cast<unsigned char>(c)] & cls;
}

/// Whether every byte of `text` is of class `cls`; true for an empty text.
constexpr bool all(std::string_view text, std::uint8_t cls) noexcept {
  for (const char c : text)
    if (!is(c, cls))
      return false;
  return true;
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c))
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

} // namespace ingot::http::character
