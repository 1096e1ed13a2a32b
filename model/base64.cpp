#include "model/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ingot {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Of one character: 0 to 63, or -1.
constexpr auto values = [] {
  auto out = std::array<std::int8_t, 256>{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return out;
}();

} // namespace

std::string to_base64(std::string_view bytes) {
  auto out = std::string{};
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto have = std::min<std::size_t>(bytes.size() - i, 3);
    auto bits = std::uint32_t{0};
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= have ? alphabet[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  text.remove_suffix(padding);
  auto out = std::string{};
  out.reserve(text.size() * 3 / 4);
  auto bits = std::uint32_t{0};
  auto have = 0u;
  for (const char c : text) {
    const auto value = values[static_cast<unsigned char>(c)];
    if (value < 0)
      return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 255);
    }
  }
  const auto left_over = bits & ((1u << have) - 1);
  return left_over == 0 ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace ingot
