#pragma once

#include "model/fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// What is in a gzip stream (RFC 1952; several members follow each other). The result has simdjson's padding reserved beyond it.
/// @returns malformed_body when it is damaged, cut short or followed by other bytes; body_too_large when it would unpack to more
/// than `bytes_max`, found out without unpacking more
std::variant<std::string, failure> gunzip(std::string_view packed, std::size_t bytes_max);

} // namespace ingot
