#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ingot {

/// Levels of arrays and objects that a document may have; empty ones count.
constexpr std::size_t json_depth_max = 64;

/// Bytes of a pointer or of sent text that a failure repeats; what is longer is cut and ends in `…`.
constexpr std::size_t echo_bytes_max = 256;

/// The first thing in `text` that makes it no JSON (malformed_body at `byte N`), or no JSON that can be stored
/// (unstorable_text): bad UTF-8 at `byte N`; a NUL, a lone surrogate, a level over json_depth_max, an integer beyond 64 bits
/// or a number beyond double at its JSON pointer. Linear in the size, and needs no stack that grows with `text`.
/// This is the slow road that says where; json_document is the quick one that says whether.
std::optional<failure> find_json_fault(std::string_view text);

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
