#pragma once

#include <string_view>

namespace ingot {

/// Is `text` an absolute http or https URL that a page may link to: a host, perhaps a port from 1 to 65535, and none but the
/// characters of RFC 3986 or letters beyond ASCII (RFC 3987), every `%` before two hexadecimal digits? One with a user name in
/// it is none: it might carry a password.
/// @pre `text` is valid UTF-8
bool is_web_url(std::string_view text) noexcept;

} // namespace ingot
