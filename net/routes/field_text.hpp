#pragma once

#include <string_view>

namespace ingot::routes {

/// Without the spaces and tabs around it.
std::string_view trimmed(std::string_view text);

/// Are they the same but for the case of ASCII letters? Schemes, codings, preferences and media types are compared so.
/// @pre `lower_case` is
bool equal_in_any_case(std::string_view text, std::string_view lower_case);

} // namespace ingot::routes
