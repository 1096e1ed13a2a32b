#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ingot {

/// Base64 with padding (RFC 4648, section 4).
std::string to_base64(std::string_view bytes);

/// The bytes that `text` says: nothing around it, padded, no bit beyond the last byte set. Nothing for anything else.
std::optional<std::string> from_base64(std::string_view text);

} // namespace ingot
