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

/// What may follow a size or a whole extension: the next extension or the line's end.
bool chunk_decoder::end_of_extension(char c) noexcept {
  place_ = c == ';' ? place::name_first : place::size_lf;
  return c == ';' || c == '\r';
}

/// One byte behind a size's first `;`. An unclosed quote must not pass: other parsers read on behind the line's end.
bool chunk_decoder::take_extension(char c) noexcept {
  const bool is_token = character::is(c, character::token);
  switch (place_) {
  case place::name:
    if (c == '=') {
      place_ = place::value_first;
      return true;
    }
    return is_token || end_of_extension(c);
  case place::value_first:
    place_ = c == '"' ? place::quoted : place::value;
    return c == '"' || is_token;
  case place::value:
    return is_token || end_of_extension(c);
  case place::quoted:
    place_ = c == '"' ? place::quoted_end : c == '\\' ? place::quoted_pair : place::quoted;
    return character::is(c, character::value);
  case place::quoted_pair:
    place_ = place::quoted;
    return character::is(c, character::value);
  case place::quoted_end:
    return end_of_extension(c);
  default:
    place_ = place::name;
    return is_token;
  }
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
    return c == ';' || c == '\r' ? end_of_extension(c) : take_size_digit(c);
  case place::name_first:
  case place::name:
  case place::value_first:
  case place::value:
  case place::quoted:
  case place::quoted_pair:
  case place::quoted_end:
    ++extension_bytes_;
    return take_extension(c);
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
