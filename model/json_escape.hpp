#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingot {

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

} // namespace ingot
