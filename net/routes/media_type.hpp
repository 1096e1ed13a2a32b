#pragma once

#include <string_view>

namespace ingot::routes {

/// A Content-Type without its parameters: `application/json; charset=utf-8` → `application/json`.
std::string_view without_parameters(std::string_view content_type);

/// Is it that type, in any case and with any parameters? @param expected in lower case
bool is_media_type(std::string_view content_type, std::string_view expected);

} // namespace ingot::routes
