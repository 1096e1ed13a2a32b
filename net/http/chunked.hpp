#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ingot::http {

/// Takes the chunked coding (RFC 9112 section 7.1) off bytes that come in any pieces. Strict: every line ends in CR LF, a
/// size is hexadecimal digits and nothing else; extensions (without the white space that RFC 9112 calls bad) and trailers must be
/// well-formed, are bounded, and are thrown away.
class chunk_decoder {
public:
  enum class result : std::uint8_t {
    need_more, ///< all of `in` is taken
    data,      ///< `data` is a piece of the body, within what `in` was
    complete,  ///< the body has ended; what is left in `in` is the next request's
    malformed,
    too_much_overhead ///< extensions or trailers over the limit
  };

  static constexpr std::size_t extension_bytes_max = 4 * 1024; ///< in one body
  static constexpr std::size_t trailer_bytes_max = 8 * 1024;   ///< in one body

  /// Takes a step and shortens `in` by what it took.
  result next(std::string_view& in, std::string_view& data) noexcept;

private:
  enum class place : std::uint8_t {
    size_first,
    size,
    name_first, ///< of an extension
    name,
    value_first,
    value,
    quoted,
    quoted_pair,
    quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_first,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    end
  };

  bool take(char c) noexcept;
  bool take_extension(char c) noexcept;
  bool end_of_extension(char c) noexcept;
  bool take_size_digit(char c) noexcept;

  place place_ = place::size_first;
  unsigned size_digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
};

} // namespace ingot::http
