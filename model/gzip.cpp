#include "model/gzip.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <zlib.h>

namespace ingot {

namespace {

constexpr std::size_t padding = 64;    // simdjson's
constexpr std::size_t first_guess = 8; // JSON packs to about an eighth

struct inflater {
  z_stream stream{};

  inflater() {
    constexpr auto gzip_only = 16;
    if (inflateInit2(&stream, gzip_only + MAX_WBITS) != Z_OK)
      throw std::bad_alloc{};
  }
  ~inflater() { inflateEnd(&stream); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
};

failure damaged(std::size_t at, const char* why) {
  return {fault::malformed_body,
          "the body is not the gzip stream that Content-Encoding announces",
          {{"byte " + std::to_string(at), why != nullptr ? why : "the stream ends here, before its end"}}};
}

} // namespace

std::variant<std::string, failure> gunzip(std::string_view packed, std::size_t bytes_max) {
  auto with = inflater{};
  auto& z = with.stream;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data())); // zlib reads only
  z.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), std::numeric_limits<uInt>::max()));
  auto out = std::string(std::min(packed.size() * first_guess + 1024, bytes_max + 1), '\0');
  auto size = std::size_t{0};
  for (;;) {
    z.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    z.avail_out = static_cast<uInt>(out.size() - size);
    const auto result = inflate(&z, Z_NO_FLUSH);
    size = out.size() - z.avail_out;
    if (size > bytes_max)
      return failure{fault::body_too_large, "the body unpacks to more than " + std::to_string(bytes_max) + " bytes", {}};
    const auto at = packed.size() - z.avail_in;
    if (result == Z_STREAM_END) {
      if (z.avail_in == 0)
        break;
      if (inflateReset(&z) != Z_OK)
        return damaged(at, "another member does not begin here");
    } else if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_out == 0)) {
      if (z.avail_in == 0 && z.avail_out > 0)
        return damaged(at, nullptr);
      if (z.avail_out == 0)
        out.resize(std::min(out.size() * 2, bytes_max + 1));
    } else if (result != Z_OK) {
      return damaged(at, z.msg);
    }
  }
  out.reserve(size + padding);
  out.resize(size);
  return out;
}

} // namespace ingot
