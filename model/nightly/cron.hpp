#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace date {
class time_zone;
}

/// When the nightly sync runs.
namespace ingot::nightly {

/// A cron expression in a time zone (crontab(5), cron(8) of Debian): minute, hour, day of the month, month, day of the week, each
/// `*`, a number or a name (`jan`, `mon`; Sunday is 0 and 7), a range, a list, any of them with a step; or `@hourly`, `@daily`,
/// `@weekly`, `@monthly`, `@yearly`. When both days are given (neither begins with `*`), a day that fits either fits.
///
/// When clocks are put forward, a time that is skipped comes once, at the end of the gap; when they are put back, one that is
/// repeated comes once, the first time. Expressions whose minute or hour begins with `*` go by the clock instead: a skipped hour
/// is skipped, a repeated one repeated.
class cron_schedule {
public:
  /// @param zone a name of the IANA time zone database, `UTC` or `Europe/Berlin`; read from the system's
  /// @returns why not, as a sentence that names the field
  static std::variant<cron_schedule, std::string> parse(std::string_view expression, const std::string& zone);

  /// The first time after `x`; nothing when there is none within the next nine years (February 30).
  std::optional<timestamp> next(timestamp x) const;

  /// The last time that is not after `x`; nothing when there was none within the nine years before.
  std::optional<timestamp> latest(timestamp x) const;

private:
  /// Bits: which values fit.
  struct fields {
    std::uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;
    bool any_day = false, any_weekday = false; ///< begins with `*`
    bool by_the_clock = false;
  };

  cron_schedule() = default;
  std::optional<timestamp> within_day(int days_since_1970, timestamp x, bool after) const;

  fields fields_;
  const date::time_zone* zone_ = nullptr;

  friend struct cron_parser;
};

/// A time that is put off by a part of `jitter`, so that not all nodes of the world ask GitHub at the same moment.
/// @param salt the same for all times of one node
timestamp put_off(timestamp x, std::chrono::milliseconds jitter, std::uint64_t salt) noexcept;

} // namespace ingot::nightly
