#pragma once

#include "config/setting_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot {

/// Reads `25MiB`, `10s`, `2m`, `30d` or a bare number in `unit`. Sizes: B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB, TB
/// (of 1000). Durations: ms, s, m, h, d.
/// @returns nothing when `text` is no such quantity, is no whole number of `unit`, or does not fit.
std::optional<std::int64_t> parse_quantity(std::string_view text, setting_unit unit);

/// The shortest exact form that parse_quantity reads back: 26214400 bytes → `25MiB`, 10000 ms → `10s`, 1500 ms → `1500ms`.
std::string print_quantity(std::int64_t amount, setting_unit unit);

} // namespace ingot
