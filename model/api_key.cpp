#include "model/api_key.hpp"

#include "model/sha256.hpp"

namespace ingot {

namespace {

constexpr auto prefix_characters = std::size_t{12};

std::string base64url(const std::array<unsigned char, 32>& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  auto out = std::string{};
  auto bits = 0U;
  auto held = 0;
  for (const auto byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6)
      out += digits[bits >> (held - 6) & 63];
  }
  out += digits[bits << (6 - held) & 63]; // 32 bytes leave four bits
  return out;
}

} // namespace

std::string make_api_key(const std::array<unsigned char, 32>& random) {
  return "ingot_" + base64url(random);
}

std::string api_key_hash(std::string_view presented) {
  return sha256(presented);
}

std::string api_key_prefix(std::string_view key) {
  return std::string{key.substr(0, prefix_characters)};
}

} // namespace ingot
