#pragma once

#include <string>
#include <string_view>

namespace ingot {

/// SHA-256 of `bytes` as 32 raw bytes (FIPS 180-4). Throws std::runtime_error when OpenSSL has none.
std::string sha256(std::string_view bytes);

} // namespace ingot
