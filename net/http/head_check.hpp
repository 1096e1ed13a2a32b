#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ingot::http {

/// Why a head is refused; `code` is none when it is not. The connection ends after any other.
struct head_verdict {
  fault code = fault::none;
  std::string_view reason; ///< a constant sentence
  std::string_view where;  ///< a part of the head (the field's name), or empty

  explicit operator bool() const noexcept { return code == fault::none; }
};

/// Looks for the end of a head in bytes that grow, without reading any byte twice.
class head_scanner {
public:
  enum class result : std::uint8_t {
    need_more, ///< the empty line has not come
    complete,  ///< size() bytes are the head with its empty line
    malformed  ///< a line that ends in a bare LF, or a first byte that no method begins with: no use waiting for more
  };

  /// `all` is everything since the head's first byte; what the last call saw is its beginning.
  result look(std::string_view all) noexcept;

  std::size_t size() const noexcept { return line_begin_; }
  bool in_first_line() const noexcept { return line_begin_ == 0; }

private:
  std::size_t line_begin_ = 0;
  std::size_t seen_ = 0;
};

/// How the body of a request is framed (RFC 9112 section 6.3).
enum class body_framing : std::uint8_t { none, length, chunked };

struct field_view {
  std::string_view name;  ///< as it came
  std::string_view value; ///< without the white space around it
};

/// A head that passed. Views into the bytes that were checked.
struct checked_head {
  std::string_view method;
  std::string_view path;  ///< `/…`, or `*`
  std::string_view query; ///< without the `?`
  std::vector<field_view> fields;
  bool http_1_0 = false;
  body_framing framing = body_framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

inline constexpr std::size_t target_bytes_max = 8 * 1024; ///< RFC 9112 section 3 recommends at least 8000
inline constexpr std::size_t fields_max = 128;

/// Judges a complete head (through its empty line) as RFC 9110 and 9112 have it, strictly: whatever two parsers could
/// read differently is refused. `out` holds the head's parts when it passes; its vector is reused.
head_verdict check_head(std::string_view raw, checked_head& out);

/// Whether `a` and `b` are the same without regard to ASCII case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

} // namespace ingot::http
