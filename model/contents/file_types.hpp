#pragma once

#include <string_view>

namespace ingot::contents {

/// What a file's name tells of its content.
struct file_type {
  std::string_view mime_type; ///< as IANA has it registered, or as it is widely used; never empty
  std::string_view language;  ///< empty: text of no language, or no text
};

/// @param path its last part counts. Null when the name tells nothing.
const file_type* type_by_name(std::string_view path);

/// By the interpreter that a script's first line names: `#!/usr/bin/env python3`. Null when it tells nothing.
const file_type* type_by_interpreter(std::string_view first);

} // namespace ingot::contents
