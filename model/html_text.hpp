#pragma once

#include <string>
#include <string_view>

namespace ingot {

/// `text` as it is written in HTML, also within an attribute's quotes: `&`, `<`, `>`, `"` and `'` become references.
std::string html_escaped(std::string_view text);

} // namespace ingot
