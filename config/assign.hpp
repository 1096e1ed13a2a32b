#pragma once

#include "config/setting_table.hpp"

#include <string>
#include <string_view>

namespace ingot {

/// Puts values into `settings`, the same way for file and environment. Each returns what was wrong in a sentence, empty if
/// nothing was; then `to` is unchanged. The sentence never holds a secret's value (law 9).
std::string assign_text(const setting& x, settings& to, std::string_view text); ///< a quoted value of the file
std::string assign_number(const setting& x, settings& to, std::int64_t number);
std::string assign_fraction(const setting& x, settings& to, double number);
std::string assign_boolean(const setting& x, settings& to, bool value);
std::string assign_environment(const setting& x, settings& to, std::string_view text); ///< numbers and booleans are text there

/// `expected a size such as 26214400 or "25MiB"`: what a setting of this type takes.
std::string expectation(const setting& x);

} // namespace ingot
