#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot {

/// A point in time, UTC, in microseconds: PostgreSQL's own resolution.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Parses RFC 3339 (`2024-05-01T10:00:00Z`, fractions and numeric offsets allowed). Digits beyond the microsecond are cut off.
/// A leap second (`:60`) is taken as the last microsecond before it, so that it sorts after all of its minute.
/// @returns nothing when `text` is not such a time or lies outside the years 1970 to 9999.
std::optional<timestamp> parse_rfc3339(std::string_view text);

/// Seconds since 1970, as some payloads carry their times. The same years as above.
std::optional<timestamp> from_epoch_seconds(std::int64_t seconds_since_1970);

/// `2024-05-01T10:00:00Z`, with `.ffffff` only when there is a fraction.
std::string to_rfc3339(timestamp at);

} // namespace ingot
