#pragma once

#include <string>
#include <string_view>

namespace ingot::http {

/// `text` with U+FFFD for each byte that is no part of well-formed UTF-8, so that bytes of a hostile request can stand in an
/// answer.
std::string valid_utf8(std::string_view text);

} // namespace ingot::http
