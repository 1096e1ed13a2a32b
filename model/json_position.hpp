#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// A place in a text as an editor shows it.
struct text_position {
  std::size_t line = 1;   ///< from 1
  std::size_t column = 1; ///< in characters, from 1

  friend bool operator==(const text_position&, const text_position&) = default;
};

/// The position of a byte; of the end, when there are fewer.
text_position position_of(std::string_view text, std::size_t byte);

/// Longer pointers are not looked for.
constexpr std::size_t pointer_bytes_max = 1024;

/// Where the values stand that JSON pointers name, in the pointers' order: the first one, when a member stands twice. What a
/// pointer does not find is at the beginning. One pass, whatever the number of pointers; needs no stack that grows with `text`.
/// @pre `text` is JSON
std::vector<text_position> positions_of(std::string_view text, std::span<const std::string> pointers);

} // namespace ingot
