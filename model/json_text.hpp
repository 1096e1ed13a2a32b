#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingot {

/// Bytes of a pointer or of sent text that a failure repeats; what is longer is cut and ends in `…`.
constexpr std::size_t echo_bytes_max = 256;

/// What the text after a `\u` says.
enum class unicode_escape : std::uint8_t { fine, malformed, nul, lone_surrogate };

struct read_escape {
  unicode_escape verdict = unicode_escape::malformed;
  std::size_t bytes = 0; ///< of `text`, with a second `\u` when it is a pair
  char32_t code_point = 0;
};

/// Reads the escape at the start of `text`, which begins with `\u` (RFC 8259, section 7).
read_escape read_unicode_escape(std::string_view text) noexcept;

/// Appends `c` in UTF-8.
void append_utf8(std::string& out, char32_t c);

/// What stands between the quotes of a JSON string, its escapes resolved; not much more than `bytes_max` of it.
/// @pre `text` is valid there
std::string unescape_json(std::string_view text, std::size_t bytes_max);

/// Does `text` escape a NUL or a lone surrogate somewhere? simdjson takes these.
/// @pre `text` is valid JSON
bool has_unstorable_escape(std::string_view text) noexcept;

/// Offset of the first byte of `text` that is not UTF-8 (RFC 3629), or npos.
std::size_t find_bad_utf8(std::string_view text) noexcept;

/// Appends `/name` to a JSON pointer (RFC 6901: `~` and `/` are escaped).
void append_pointer_token(std::string& pointer, std::string_view name);

/// `text`, or its first `bytes_max` bytes and `…`, never cut within a character.
/// @pre `text` is valid UTF-8
std::string cut_for_echo(std::string_view text, std::size_t bytes_max = echo_bytes_max);

} // namespace ingot
