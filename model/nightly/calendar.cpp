#include "model/nightly/calendar.hpp"

namespace ingot::nightly {

due_time due_at(const cron_schedule& of, std::chrono::milliseconds jitter, std::uint64_t salt, timestamp now) {
  auto out = due_time{};
  auto at = of.latest(now);
  // Times that are closer together than the jitter: those that wait are passed over.
  while (at && put_off(*at, jitter, salt) > now) {
    out.next_look = put_off(*at, jitter, salt);
    at = of.latest(*at - timestamp::duration{1});
  }
  out.due = at;
  if (const auto next = of.next(now); !out.next_look && next)
    out.next_look = put_off(*next, jitter, salt);
  return out;
}

} // namespace ingot::nightly
