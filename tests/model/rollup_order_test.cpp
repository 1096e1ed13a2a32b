#include "model/rollup/order.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;

namespace {

/// Late in the evening of a Friday, UTC.
const auto now = *parse_rfc3339("2024-05-17T23:59:59Z");

rollup_order read(std::string_view body) {
  return std::get<rollup_order>(parse_rollup_order(body, now, 7));
}

/// Where something is wrong: `/date /days`, or the fault when no place is named.
std::string places(std::string_view body) {
  const auto why = std::get<failure>(parse_rollup_order(body, now, 7));
  auto out = std::string{};
  for (const auto& x : why.details)
    out += (out.empty() ? "" : " ") + x.pointer;
  return out.empty() ? std::string{to_string(why.code)} : out;
}

} // namespace

TEST_CASE("a rollup without a body is today's, with the usual window") {
  for (const auto* body : {"", "{}"}) {
    const auto x = read(body);
    CHECK(date_text(x.date) == "2024-05-17");
    CHECK(x.days == 7);
    CHECK_FALSE(x.dry_run);
    CHECK_FALSE(x.force);
  }
}

TEST_CASE("a rollup's body says the day, the window, and whether it is only played through") {
  const auto x = read(R"({"date":"2024-02-29","dryRun":true,"daysToProcess":30,"force":true})");
  CHECK(date_text(x.date) == "2024-02-29");
  CHECK(x.days == 30);
  CHECK(x.dry_run);
  CHECK(x.force);
  CHECK(date_text(read(R"({"date":"2024-05-17"})").date) == "2024-05-17");
  CHECK(read(R"({"daysToProcess":1})").days == 1);
}

TEST_CASE("a rollup that cannot be meant is refused with every wrong place") {
  for (const auto* date :
       {"\"2024-05-18\"", "\"2023-02-29\"", "\"2024-5-1\"", "\"2024-05-01T00:00:00Z\"", "\"\"", "20240501", "null"})
    CHECK(places(std::string{R"({"date":)"} + date + "}") == "/date");
  for (const auto* days : {"0", "31", "-1", "1.5", "\"7\"", "null", "99999999999999999999"}) {
    INFO(days);
    const auto place = places(std::string{R"({"daysToProcess":)"} + days + "}");
    CHECK((place == "/daysToProcess" || place.find("daysToProcess") != std::string::npos || place == "malformed_body" ||
           place == "unstorable_text"));
  }
  CHECK(places(R"({"date":7,"dryRun":"yes","daysToProcess":0,"force":1,"a/b":1})") ==
        "/date /dryRun /daysToProcess /force /a~1b");
  CHECK(parse_rollup_order("[]", now, 7).index() == 1);
  CHECK(parse_rollup_order("{", now, 7).index() == 1);
  CHECK(parse_rollup_order(R"({"dryRun":true,"dryRun":false})", now, 7).index() == 1);
}
