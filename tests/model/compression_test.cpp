#include "model/compression.hpp"

#include "tests/support/catch.hpp"

#include <stdexcept>

using namespace ingot;

namespace {

/// Text that zstd makes smaller, but not to nothing.
std::string sample_text(std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; out.size() < bytes; ++i)
    out += "{\"id\":" + std::to_string(i * 2654435761u % 1000003) + "},";
  out.resize(bytes);
  return out;
}

} // namespace

TEST_CASE("what was compressed comes back, whatever its size") {
  const auto bytes = GENERATE(0u, 1u, 100u, 18'800u, 300'000u, 5'000'000u);
  const auto raw = sample_text(bytes);
  const auto packed = compress(raw);
  CHECK(decompress(packed, raw.size()) == raw);
  if (bytes > 1000)
    CHECK(packed.size() < raw.size() / 2);
}

TEST_CASE("law 5: a frame that would inflate beyond the limit is refused before it inflates") {
  const auto packed = compress(std::string(10'000'000, 'x'));
  REQUIRE(packed.size() < 10'000);
  CHECK_THROWS_AS(decompress(packed, 9'999'999), std::runtime_error);
  CHECK(decompress(packed, 10'000'000).size() == 10'000'000);
}

TEST_CASE("a frame that is cut short or has bytes behind it is refused") {
  const auto packed = compress(sample_text(2000));
  for (std::size_t n = 0; n < packed.size(); ++n)
    REQUIRE_THROWS_AS(decompress(std::string_view(packed).substr(0, n), 2000), std::runtime_error);
  CHECK_THROWS_AS(decompress(packed + "x", 4000), std::runtime_error);
  CHECK_THROWS_AS(decompress(packed + packed, 4000), std::runtime_error);
}

TEST_CASE("a frame with a flipped bit never comes back as other text") {
  const auto raw = sample_text(500);
  const auto packed = compress(raw);
  for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
    auto damaged = packed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    std::string back = raw;
    try {
      back = decompress(damaged, 100'000);
    } catch (const std::runtime_error&) {
    }
    CAPTURE(bit);
    REQUIRE(back == raw);
  }
}
