#include "model/json_escape.hpp"

namespace ingot {

namespace {

/// The four hexadecimal digits of a `\uXXXX` at the start of `text`, or -1.
int code_unit(std::string_view text) noexcept {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u')
    return -1;
  int value = 0;
  for (const char c : text.substr(2, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

} // namespace

read_escape read_unicode_escape(std::string_view text) noexcept {
  const int first = code_unit(text);
  if (first < 0)
    return {unicode_escape::malformed, 0, 0};
  if (first == 0)
    return {unicode_escape::nul, 6, 0};
  if (first < 0xD800 || first > 0xDFFF)
    return {unicode_escape::fine, 6, static_cast<char32_t>(first)};
  const int second = first <= 0xDBFF ? code_unit(text.substr(6)) : -1;
  if (second < 0xDC00 || second > 0xDFFF)
    return {unicode_escape::lone_surrogate, 6, 0xFFFD};
  return {unicode_escape::fine, 12, static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))};
}

void append_utf8(std::string& out, char32_t c) {
  const auto continuation = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += continuation(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += continuation(6);
    out += continuation(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += continuation(12);
    out += continuation(6);
    out += continuation(0);
  }
}

} // namespace ingot
