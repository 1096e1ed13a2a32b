#include "model/json_text.hpp"

#include <algorithm>
#include <cstring>

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

std::string unescape_json(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() <= bytes_max;) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i++];
    } else if (text[i + 1] == 'u') {
      const auto read = read_unicode_escape(text.substr(i));
      append_utf8(out, read.code_point);
      i += std::max<std::size_t>(read.bytes, 2);
    } else {
      constexpr std::string_view written = "bfnrt", meant = "\b\f\n\r\t";
      const auto which = written.find(text[i + 1]);
      out += which == std::string_view::npos ? text[i + 1] : meant[which];
      i += 2;
    }
  }
  return out;
}

bool has_unstorable_escape(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto* found = static_cast<const char*>(std::memchr(text.data() + at, '\\', text.size() - at));
    if (found == nullptr)
      return false;
    at = static_cast<std::size_t>(found - text.data());
    if (at + 1 >= text.size() || text[at + 1] != 'u') {
      at += 2;
      continue;
    }
    const auto read = read_unicode_escape(text.substr(at));
    if (read.verdict != unicode_escape::fine)
      return true;
    at += read.bytes;
  }
  return false;
}

std::size_t find_bad_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t bytes = 0;
    if (lead >= 0xC2 && lead <= 0xDF)
      bytes = 2;
    else if (lead >= 0xE0 && lead <= 0xEF)
      bytes = 3;
    else if (lead >= 0xF0 && lead <= 0xF4)
      bytes = 4;
    for (std::size_t k = 1; k < bytes; ++k)
      if (!continues(i + k))
        return i;
    // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    if (bytes == 0 || (lead == 0xE0 && byte(i + 1) < 0xA0) || (lead == 0xED && byte(i + 1) > 0x9F) ||
        (lead == 0xF0 && byte(i + 1) < 0x90) || (lead == 0xF4 && byte(i + 1) > 0x8F))
      return i;
    i += bytes;
  }
  return std::string_view::npos;
}

void append_pointer_token(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

std::string cut_for_echo(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return std::string(text);
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return std::string(text.substr(0, end)) + "…";
}

} // namespace ingot
