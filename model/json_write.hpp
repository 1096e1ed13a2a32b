#pragma once

#include <string>
#include <string_view>

namespace ingot {

/// Appends `text` as a JSON string with its quotes (RFC 8259, section 7): only `"`, `\` and control characters are escaped.
/// @pre `text` is valid UTF-8
void append_json_string(std::string& out, std::string_view text);

} // namespace ingot
