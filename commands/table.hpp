#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::commands {

enum class colour : std::uint8_t { none, good, warning, bad, faint };

/// One cell; what stands in it may come from outside.
struct cell {
  std::string text;
  colour as = colour::none;

  cell(std::string x, colour c = colour::none) : text{std::move(x)}, as{c} {}
  cell(std::string_view x, colour c = colour::none) : text{x}, as{c} {}
  cell(const char* x, colour c = colour::none) : text{x}, as{c} {}
};

/// A listing for people: columns aligned by what they show (UTF-8), the last one ragged.
struct table {
  std::vector<std::string> header;
  std::vector<std::vector<cell>> rows;
};

void print(std::ostream& out, const table& x, bool coloured);

/// `text` in its colour, or as it is.
std::string paint(std::string_view text, colour as, bool coloured);

/// `text` fit for a terminal: bad UTF-8 as U+FFFD, control characters as `\x1b`, so that nobody outside moves the operator's
/// cursor.
std::string presentable(std::string_view text);

/// Does a person read what is written there?
bool is_terminal(int descriptor);

/// Colours only on a terminal, and never when NO_COLOR is set (no-color.org).
bool wants_colour(int descriptor);

} // namespace ingot::commands
