#include "model/gzip.hpp"
#include "tests/support/catch.hpp"

#include <zlib.h>

using namespace ingot;

namespace {

std::string gzip(std::string_view raw) {
  auto z = z_stream{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  auto out = std::string(deflateBound(&z, raw.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  z.avail_in = static_cast<uInt>(raw.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

fault code_of(std::string_view packed, std::size_t most = 1 << 20) {
  const auto out = gunzip(packed, most);
  return std::holds_alternative<failure>(out) ? std::get<failure>(out).code : fault::none;
}

} // namespace

TEST_CASE("what was packed comes out as it was, whatever its size") {
  for (const auto size : {0, 1, 1000, 300'000}) {
    auto raw = std::string{};
    for (auto i = 0; i < size; ++i)
      raw += static_cast<char>(i * 7 + i / 256);
    const auto out = gunzip(gzip(raw), 1 << 20);
    REQUIRE(std::holds_alternative<std::string>(out));
    CHECK((std::get<std::string>(out) == raw));
  }
}

TEST_CASE("members of a gzip stream follow each other") {
  CHECK(std::get<std::string>(gunzip(gzip("one ") + gzip("two"), 100)) == "one two");
}

TEST_CASE("a bomb is refused at its limit, and the limit itself passes") {
  const auto packed = gzip(std::string(10'000'000, ' '));
  CHECK(packed.size() < 20'000);
  CHECK(code_of(packed, 1'000'000) == fault::body_too_large);
  CHECK(code_of(packed, 10'000'000) == fault::none);
  CHECK(code_of(packed, 9'999'999) == fault::body_too_large);
}

TEST_CASE("damaged, cut and trailed streams are refused") {
  const auto packed = gzip("some text that is long enough to be cut somewhere");
  CHECK(code_of("") == fault::malformed_body);
  CHECK(code_of("plain") == fault::malformed_body);
  for (auto size = std::size_t{1}; size < packed.size(); ++size)
    CHECK(code_of(std::string_view{packed}.substr(0, size)) == fault::malformed_body);
  CHECK(code_of(packed + "x") == fault::malformed_body);
  auto flipped = packed;
  flipped[flipped.size() - 6] ^= 1; // its checksum
  CHECK(code_of(flipped) == fault::malformed_body);
}
