#include "model/compression.hpp"
#include "model/gzip.hpp"
#include "net/github/inflate.hpp"
#include "tests/fuzz/input.hpp"

#include <optional>
#include <stdexcept>
#include <string>

// Input: a byte that chooses, one for the size of pieces, and a body, gzip or zstd. It never unpacks to more than it may; the two
// readers of gzip agree, however the bytes are cut; and what we pack is unpacked.

namespace {

using namespace ingot;
using fuzz::require;

constexpr std::size_t bytes_max = 64 * 1024;

struct too_much {};

/// Nothing when it is no gzip stream.
std::optional<std::string> in_pieces(std::string_view packed, std::size_t piece) {
  auto out = std::string{};
  try {
    auto stream = github::inflate_stream{[&](std::string_view bytes) {
      require(bytes.size() <= 64 * 1024);
      out += bytes;
      if (out.size() > bytes_max)
        throw too_much{};
    }};
    for (; !packed.empty(); packed.remove_prefix(std::min(piece, packed.size())))
      stream.write(packed.substr(0, piece));
    stream.finish();
  } catch (const github::bad_gzip&) {
    return std::nullopt;
  }
  return out;
}

void check_gzip(std::string_view packed, std::size_t piece) {
  const auto whole = gunzip(packed, bytes_max);
  const auto* refused = std::get_if<failure>(&whole);
  if (refused != nullptr)
    fuzz::check_refusal(*refused);
  else
    require(std::get<std::string>(whole).size() <= bytes_max);
  try {
    const auto other = in_pieces(packed, piece);
    require(refused != nullptr ? !other && refused->code == fault::malformed_body : other == std::get<std::string>(whole));
  } catch (const too_much&) {
    require(refused != nullptr); // for its size, or for damage that the other one has not come to
  }
}

void check_zstd(std::string_view packed) {
  auto raw = std::string{};
  try {
    raw = decompress(packed, bytes_max);
  } catch (const std::runtime_error&) {
    return;
  }
  require(raw.size() <= bytes_max && decompress(compress(raw), raw.size()) == raw);
}

void check_round_trip(std::string_view raw) {
  const auto packed = compress(raw);
  require(decompress(packed, raw.size()) == raw);
  if (raw.empty())
    return;
  try {
    decompress(packed, raw.size() - 1);
    require(false);
  } catch (const std::runtime_error&) {
    // over the limit
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = fuzz::input{data, size};
  const auto which = in.byte() % 3;
  const auto piece = std::size_t{1} + in.byte();
  if (which == 0)
    check_gzip(in.rest(), piece);
  else if (which == 1)
    check_zstd(in.rest());
  else
    check_round_trip(in.rest());
  return 0;
}
