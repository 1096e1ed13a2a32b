#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// The one of `known` that `typed` most likely meant (Levenshtein distance of a third of its length at most), or empty.
std::string_view nearest_name(std::string_view typed, const std::vector<std::string>& known);

} // namespace ingot
