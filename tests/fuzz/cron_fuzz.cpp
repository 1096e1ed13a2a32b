#include "model/nightly/cron.hpp"
#include "tests/fuzz/input.hpp"

#include <array>
#include <chrono>
#include <string>

// Input: eight bytes of time, one of the zone, and an expression. The times of a schedule are one ascending row, whichever way it
// is walked.

using namespace ingot;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zones =
      std::array<std::string, 6>{"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "nowhere"};
  auto in = fuzz::input{data, size};
  constexpr auto span = std::uint64_t{120} * 365 * 86'400 * 1'000'000; // 1972 to 2092
  const auto now = timestamp{std::chrono::years{2}} + std::chrono::microseconds{static_cast<std::int64_t>(in.number(8) % span)};
  const auto zone = in.byte() % zones.size();
  const auto read = nightly::cron_schedule::parse(in.rest().substr(0, 200), zones[zone]);
  if (const auto* why = std::get_if<std::string>(&read)) {
    require(!why->empty() && why->size() < 1'000);
    return 0;
  }
  require(zone != zones.size() - 1);
  const auto& schedule = std::get<nightly::cron_schedule>(read);
  constexpr auto instant = std::chrono::microseconds{1};
  const auto next = schedule.next(now), latest = schedule.latest(now);
  if (next) {
    require(*next > now && next->time_since_epoch() % std::chrono::minutes{1} == std::chrono::microseconds{0});
    require(schedule.next(*next - instant) == next && schedule.latest(*next) == next);
    require(schedule.latest(*next - instant) == latest);
  }
  if (latest) {
    require(*latest <= now && schedule.latest(*latest) == latest);
    require(schedule.next(*latest - instant) == latest && schedule.next(*latest) == next);
  }
  return 0;
}
