#include "net/github/inflate.hpp"

#include <array>
#include <limits>
#include <new>

#include <zlib.h>

namespace ingot::github {

struct inflate_stream::state {
  explicit state(const sink& to) : into{to} {
    constexpr auto gzip_only = 16;
    if (inflateInit2(&z, gzip_only + MAX_WBITS) != Z_OK)
      throw std::bad_alloc{};
  }
  ~state() { inflateEnd(&z); }

  sink into;
  z_stream z{};
  bool at_end = false; ///< of a member
  std::array<char, 64 * 1024> piece;
};

inflate_stream::inflate_stream(const sink& into) : state_{std::make_unique<state>(into)} {}
inflate_stream::~inflate_stream() = default;

void inflate_stream::write(std::string_view packed) {
  auto& x = *state_;
  x.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data())); // zlib reads only
  x.z.avail_in = static_cast<uInt>(packed.size());                          // a piece of a connection's buffer
  while (x.z.avail_in > 0 || x.z.avail_out == 0) {
    if (x.at_end && x.z.avail_in > 0) { // members follow each other
      if (inflateReset(&x.z) != Z_OK)
        throw bad_gzip{"another gzip member does not begin where it should"};
      x.at_end = false;
    }
    if (x.at_end)
      return;
    x.z.next_out = reinterpret_cast<Bytef*>(x.piece.data());
    x.z.avail_out = static_cast<uInt>(x.piece.size());
    const auto result = inflate(&x.z, Z_NO_FLUSH);
    if (const auto got = x.piece.size() - x.z.avail_out; got > 0)
      x.into({x.piece.data(), got});
    if (result == Z_STREAM_END)
      x.at_end = true;
    else if (result == Z_BUF_ERROR) // all that could be done with these bytes
      return;
    else if (result != Z_OK)
      throw bad_gzip{std::string{"the gzip stream is damaged"} + (x.z.msg != nullptr ? std::string{": "} + x.z.msg : "")};
  }
}

void inflate_stream::finish() const {
  if (!state_->at_end)
    throw bad_gzip{"the gzip stream ends before its end"};
}

} // namespace ingot::github
