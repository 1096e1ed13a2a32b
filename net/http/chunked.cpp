#include "net/http/chunked.hpp"

#include "net/http/character.hpp"

#include <algorithm>

namespace ingot::http {

bool chunk_decoder::take_size_digit(char c) noexcept {
  const int digit = character::hex_value(c);
  // Fifteen digits are below 2^60, so that nothing overflows; no real size comes near.
  if (digit < 0 || ++size_digits_ > 15)
    return false;
  left_ = left_ * 16 + static_cast<unsigned>(digit);
  place_ = place::size;
  return true;
}

/// One byte outside of chunk data. @returns whether it may stand there
bool chunk_decoder::take(char c) noexcept {
  const auto expect = [&](char wanted, place then) {
    place_ = then;
    return c == wanted;
  };
  switch (place_) {
  case place::size_first:
    size_digits_ = 0;
    left_ = 0;
    return take_size_digit(c);
  case place::size:
    if (c == ';')
      return expect(';', place::extension);
    return c == '\r' ? expect('\r', place::size_lf) : take_size_digit(c);
  case place::extension:
    ++extension_bytes_;
    return c == '\r' ? expect('\r', place::size_lf) : character::is(c, character::value);
  case place::size_lf:
    return expect('\n', left_ == 0 ? place::trailer_first : place::data);
  case place::data_cr:
    return expect('\r', place::data_lf);
  case place::data_lf:
    return expect('\n', place::size_first);
  case place::trailer_first:
    if (c == '\r')
      return expect('\r', place::last_lf);
    place_ = place::trailer_name;
    ++trailer_bytes_;
    return character::is(c, character::token);
  case place::trailer_name:
    ++trailer_bytes_;
    return c == ':' ? expect(':', place::trailer_value) : character::is(c, character::token);
  case place::trailer_value:
    ++trailer_bytes_;
    return c == '\r' ? expect('\r', place::trailer_lf) : character::is(c, character::value);
  case place::trailer_lf:
    return expect('\n', place::trailer_first);
  case place::last_lf:
    return expect('\n', place::end);
  case place::data:
  case place::end:
    break;
  }
  return false;
}

chunk_decoder::result chunk_decoder::next(std::string_view& in, std::string_view& data) noexcept {
  while (place_ != place::end) {
    if (in.empty())
      return result::need_more;
    if (place_ == place::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      data = in.substr(0, size);
      in.remove_prefix(size);
      left_ -= size;
      if (left_ == 0)
        place_ = place::data_cr;
      return result::data;
    }
    if (!take(in.front()))
      return result::malformed;
    in.remove_prefix(1);
    if (extension_bytes_ > extension_bytes_max || trailer_bytes_ > trailer_bytes_max)
      return result::too_much_overhead;
  }
  return result::complete;
}

} // namespace ingot::http
