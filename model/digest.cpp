#include "model/digest.hpp"

#include <cstddef>

namespace ingot {

namespace {

// Byte order is fixed by hand; compilers make one load of it.
std::uint64_t read_little_endian(const char* bytes, std::size_t size) noexcept {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < size; ++i)
    result |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return result;
}

// The finalizer of MurmurHash3 (public domain): every bit of the input moves half of the output's.
std::uint64_t avalanche(std::uint64_t x) noexcept {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccd;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

} // namespace

digest& digest::operator<<(std::string_view text) noexcept {
  // The length goes first, so that ("ab", "c") and ("a", "bc") differ.
  mix(text.size());
  while (text.size() >= 8) {
    mix(read_little_endian(text.data(), 8));
    text.remove_prefix(8);
  }
  return text.empty() ? *this : mix(read_little_endian(text.data(), text.size()));
}

std::uint64_t digest::value() const noexcept {
  return avalanche(state_);
}

digest& digest::mix(std::uint64_t x) noexcept {
  state_ ^= x;
  state_ *= 0x9fb21c651e98df25;
  state_ ^= state_ >> 28;
  state_ = (state_ << 29) | (state_ >> 35);
  return *this;
}

} // namespace ingot
