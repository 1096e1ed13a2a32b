#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// The longest window of a trending score, in days.
inline constexpr unsigned rollup_days_max = 30;

/// Which rollup is wanted.
struct rollup_order {
  std::chrono::sys_days date; ///< the last day that is scored (UTC); whatever changed before it is counted too
  unsigned days = 7;          ///< window of the score, 1 to rollup_days_max
  bool dry_run = false;       ///< only say what it would come to
  bool force = false;         ///< count the window's days even if nothing of them changed
};

/// Reads `{"date": "2024-05-01", "dryRun": bool, "daysToProcess": 1 to 30, "force": bool}`; each may be absent, and an empty body
/// is an empty object. @returns what is wrong otherwise, every member with its place; members that are none of these are refused,
/// since they would do nothing.
/// @param now today is what is rolled up when no date is given, and no later date is taken
/// @param days what daysToProcess is when absent
std::variant<rollup_order, failure> parse_rollup_order(std::string_view body, timestamp now, unsigned days);

/// `2024-05-01`
std::string date_text(std::chrono::sys_days day);

} // namespace ingot
