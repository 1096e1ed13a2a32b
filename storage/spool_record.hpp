#pragma once

#include "model/delivery.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::storage {

/// A delivery as bytes: a version, then the members in order, numbers little-endian, texts with their length ahead.
std::string to_record(const delivery& d);

/// @returns nothing when `record` is none that to_record made.
std::optional<delivery> from_record(std::string_view record);

/// CRC-32C (RFC 3720, appendix B.4) of a row of the spool: its place in the order and its record.
std::uint32_t row_checksum(std::int64_t sequence, std::string_view record) noexcept;

} // namespace ingot::storage
