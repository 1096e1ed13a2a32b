#include "model/nightly/cron.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace ingot;
using namespace ingot::nightly;

namespace {

cron_schedule schedule(std::string_view expression, const std::string& zone = "UTC") {
  auto parsed = cron_schedule::parse(expression, zone);
  if (const auto* why = std::get_if<std::string>(&parsed))
    throw std::runtime_error{*why};
  return std::get<cron_schedule>(parsed);
}

std::string wrong(std::string_view expression, const std::string& zone = "UTC") {
  const auto parsed = cron_schedule::parse(expression, zone);
  const auto* why = std::get_if<std::string>(&parsed);
  return why == nullptr ? std::string{} : *why;
}

timestamp at(std::string_view text) {
  return parse_rfc3339(text).value();
}

/// The next `count` times after `from`.
std::vector<std::string> times(std::string_view expression, const std::string& zone, std::string_view from, int count) {
  const auto x = schedule(expression, zone);
  auto out = std::vector<std::string>{};
  auto now = at(from);
  for (auto i = 0; i < count; ++i) {
    now = x.next(now).value();
    out.push_back(to_rfc3339(now));
  }
  return out;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("model: a cron expression names minutes, hours and days") {
  CHECK(times("30 3 * * *", "UTC", "2024-05-01T03:30:00Z", 2) == texts{"2024-05-02T03:30:00Z", "2024-05-03T03:30:00Z"});
  CHECK(times("30 3 * * *", "UTC", "2024-05-01T03:29:59.999999Z", 1) == texts{"2024-05-01T03:30:00Z"});
  CHECK(times("*/15 9-10 * * mon-fri", "UTC", "2024-05-03T10:20:00Z", 4) ==
        texts{"2024-05-03T10:30:00Z", "2024-05-03T10:45:00Z", "2024-05-06T09:00:00Z", "2024-05-06T09:15:00Z"});
  CHECK(times("5/20 0 * * *", "UTC", "2024-05-01T00:00:00Z", 3) ==
        texts{"2024-05-01T00:05:00Z", "2024-05-01T00:25:00Z", "2024-05-01T00:45:00Z"});
  CHECK(times("0 0 1,15 JAN,jul *", "UTC", "2024-01-02T00:00:00Z", 3) ==
        texts{"2024-01-15T00:00:00Z", "2024-07-01T00:00:00Z", "2024-07-15T00:00:00Z"});
  CHECK(times("  0\t0 * * 7 ", "UTC", "2024-05-01T00:00:00Z", 2) == texts{"2024-05-05T00:00:00Z", "2024-05-12T00:00:00Z"});
  CHECK(times("0 0 * * Sun", "UTC", "2024-05-01T00:00:00Z", 1) == texts{"2024-05-05T00:00:00Z"});
  CHECK(times("0 0 * * 5-7", "UTC", "2024-05-01T00:00:00Z", 4) ==
        texts{"2024-05-03T00:00:00Z", "2024-05-04T00:00:00Z", "2024-05-05T00:00:00Z", "2024-05-10T00:00:00Z"});
  CHECK(times("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1) == texts{"2104-02-29T00:00:00Z"}); // 2100 is no leap year
  CHECK(times("59 23 31 12 *", "UTC", "2024-12-31T23:59:00Z", 1) == texts{"2025-12-31T23:59:00Z"});
  CHECK(times("@weekly", "UTC", "2024-05-01T00:00:00Z", 1) == texts{"2024-05-05T00:00:00Z"});
  CHECK(times("@Daily", "UTC", "2024-05-01T00:00:00Z", 1) == texts{"2024-05-02T00:00:00Z"});
}

TEST_CASE("model: of two kinds of days in a cron expression one is enough") {
  CHECK(times("0 0 13 * 5", "UTC", "2024-09-01T00:00:00Z", 4) ==
        texts{"2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z", "2024-09-20T00:00:00Z", "2024-09-27T00:00:00Z"});
  CHECK(times("0 0 13 * 5", "UTC", "2024-10-11T00:00:00Z", 1) == texts{"2024-10-13T00:00:00Z"});
  // One that begins with a star binds: Debian's cron has it so.
  CHECK(times("0 0 */2 * 5", "UTC", "2024-09-01T00:00:00Z", 2) == texts{"2024-09-13T00:00:00Z", "2024-09-27T00:00:00Z"});
}

TEST_CASE("model: a time that clocks skip comes once, at the end of the gap") {
  CHECK(times("30 2 * * *", "Europe/Berlin", "2024-03-30T01:30:00Z", 2) == texts{"2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"});
  CHECK(times("0,30 2 * * *", "Europe/Berlin", "2024-03-30T02:00:00Z", 2) ==
        texts{"2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"});
  CHECK(times("30 2 * * *", "America/New_York", "2024-03-09T12:00:00Z", 2) ==
        texts{"2024-03-10T07:00:00Z", "2024-03-11T06:30:00Z"});
  CHECK(times("15 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z", 2) ==
        texts{"2024-10-05T15:30:00Z", "2024-10-06T15:15:00Z"});
  CHECK(times("0 3 * * *", "Pacific/Apia", "2011-12-29T13:30:00Z", 2) ==
        texts{"2011-12-30T10:00:00Z", "2011-12-30T13:00:00Z"}); // without the 30th
  CHECK(times("30 * * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", 3) ==
        texts{"2024-03-31T00:30:00Z", "2024-03-31T01:30:00Z", "2024-03-31T02:30:00Z"});
}

TEST_CASE("model: a time that clocks repeat comes once, the first time") {
  CHECK(times("30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z", 2) == texts{"2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"});
  CHECK(times("30 1 * * *", "America/New_York", "2024-11-03T00:00:00Z", 2) ==
        texts{"2024-11-03T05:30:00Z", "2024-11-04T06:30:00Z"});
  CHECK(times("0 * * * *", "Europe/Berlin", "2024-10-26T23:30:00Z", 4) ==
        texts{"2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z", "2024-10-27T02:00:00Z", "2024-10-27T03:00:00Z"});
  CHECK(schedule("30 2 * * *", "Europe/Berlin").latest(at("2024-10-27T01:45:00Z")) == at("2024-10-27T00:30:00Z"));
}

TEST_CASE("model: the last time of a schedule is the one before the next") {
  for (const auto* zone : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"})
    for (const auto* expression : {"30 2 * * *", "*/7 */5 * * *", "0 0 1 * *", "15 1 * 3,10 sun", "@hourly"}) {
      const auto x = schedule(expression, zone);
      auto now = at("2024-01-15T10:00:00Z");
      for (auto i = 0; i < 40; ++i) {
        const auto next = x.next(now).value();
        INFO(zone << ' ' << expression << ' ' << to_rfc3339(next));
        REQUIRE(next > now);
        CHECK(x.latest(next) == next);
        const auto before = x.latest(next - timestamp::duration{1});
        REQUIRE(before.has_value());
        CHECK(x.next(*before) == next);
        now = next + std::chrono::hours{i * 5};
      }
    }
}

TEST_CASE("model: what is no cron expression is refused with its field") {
  CHECK(wrong("").find("five fields") != std::string::npos);
  CHECK(wrong("* * * *").find("five fields") != std::string::npos);
  CHECK(wrong("* * * * * *").find("five fields") != std::string::npos);
  CHECK(wrong("60 * * * *").find("the minute `60`") == 0);
  CHECK(wrong("* 24 * * *").find("the hour `24`") == 0);
  CHECK(wrong("* * 0 * *").find("the day of the month `0`") == 0);
  CHECK(wrong("* * * foo *").find("the month `foo`") == 0);
  CHECK(wrong("* * * * 8").find("the day of the week `8`") == 0);
  for (const auto* x : {"5-2 * * * *", "*/0 * * * *", "1,, * * * *", "-1 * * * *", "1- * * * *", "99999999999 * * * *",
                        "*/a * * * *", "*-5 * * * *", "@reboot", ", * * * *", "1.5 * * * *"}) {
    INFO(x);
    CHECK_FALSE(wrong(x).empty());
  }
  CHECK(wrong("0 0 30 2 *") == "no day ever fits");
  CHECK(wrong("0 0 * * *", "Europe/Nowhere").find("no time zone `Europe/Nowhere`") != std::string::npos);
  CHECK_FALSE(wrong("0 0 * * *", "../../etc/passwd").empty());
}

TEST_CASE("model: jitter spreads nodes and keeps each one's time") {
  const auto x = at("2024-05-01T03:00:00Z");
  CHECK(put_off(x, std::chrono::milliseconds{0}, 7) == x);
  auto different = 0;
  for (auto salt = std::uint64_t{0}; salt < 100; ++salt) {
    const auto late = put_off(x, std::chrono::minutes{30}, salt);
    CHECK(late >= x);
    CHECK(late < x + std::chrono::minutes{30});
    CHECK(late == put_off(x, std::chrono::minutes{30}, salt));
    different += late != put_off(x, std::chrono::minutes{30}, salt + 1);
  }
  CHECK(different > 95);
}
