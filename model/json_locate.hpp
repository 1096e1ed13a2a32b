#pragma once

#include "model/fault.hpp"
#include "model/json_text.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace ingot {

/// Levels of arrays and objects that a document may have; empty ones count.
constexpr std::size_t json_depth_max = 64;

/// The first thing in `text` that makes it no JSON (malformed_body at `byte N`), or no JSON that can be stored
/// (unstorable_text): bad UTF-8 at `byte N`; a NUL, a lone surrogate, a level over json_depth_max, an integer beyond 64 bits
/// or a number beyond double at its JSON pointer. Linear in the size, and needs no stack that grows with `text`.
/// This is the slow road that says where; json_document is the quick one that says whether.
std::optional<failure> find_json_fault(std::string_view text);

/// Whether `text` begins with a byte order mark, which makes it no JSON (RFC 8259, 8.1). simdjson 3.12 passes over one.
inline bool has_byte_order_mark(std::string_view text) noexcept {
  return text.starts_with("\xEF\xBB\xBF");
}

} // namespace ingot
