#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// `one two`: the words, parted by any number of blanks.
std::vector<std::string> words_in(std::string_view list);

} // namespace ingot
