#include "model/time.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using namespace std::chrono;

namespace {

std::string parsed(std::string_view text) {
  const auto at = parse_rfc3339(text);
  return at ? to_rfc3339(*at) : "nothing";
}

} // namespace

TEST_CASE("times in the forms that GitHub sends are understood") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == timestamp{});
  CHECK(parse_rfc3339("2019-05-15T15:20:41Z") == timestamp{seconds{1557933641}});
  CHECK(parsed("2019-05-15T15:20:55+00:00") == "2019-05-15T15:20:55Z");
  CHECK(parsed("2021-04-28T22:32:50.000-04:00") == "2021-04-29T02:32:50Z");
  CHECK(parsed("2021-12-15T20:11:38.000Z") == "2021-12-15T20:11:38Z");
  CHECK(parsed("2024-02-29T23:59:59+05:30") == "2024-02-29T18:29:59Z");
}

TEST_CASE("fractions keep microseconds and lose what is finer") {
  CHECK(parsed("2024-05-01T10:00:00.5Z") == "2024-05-01T10:00:00.500000Z");
  CHECK(parsed("2024-05-01T10:00:00.000001Z") == "2024-05-01T10:00:00.000001Z");
  CHECK(parsed("2024-05-01T10:00:00.123456789123456789123456789Z") == "2024-05-01T10:00:00.123456Z");
  CHECK(parsed("2024-05-01t10:00:00.25z") == "2024-05-01T10:00:00.250000Z");
}

TEST_CASE("a leap second sorts after all of its minute and before the next") {
  CHECK(parsed("2016-12-31T23:59:60Z") == "2016-12-31T23:59:59.999999Z");
  CHECK(*parse_rfc3339("2016-12-31T23:59:60Z") > *parse_rfc3339("2016-12-31T23:59:59.99Z"));
  CHECK(*parse_rfc3339("2016-12-31T23:59:60.7Z") < *parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST_CASE("what is no time, or outside the years 1970 to 9999, is refused") {
  const auto text =
      GENERATE("", "2024", "2024-05-01", "2024-05-01T10:00:00", "2024-05-01 10:00:00Z", "2024-05-01T10:00:00.Z",
               "2024-05-01T10:00:00ZZ", "2024-05-01T10:00:00 Z", "2024-13-01T10:00:00Z", "2024-00-01T10:00:00Z",
               "2023-02-29T10:00:00Z", "2024-05-32T10:00:00Z", "2024-05-01T24:00:00Z", "2024-05-01T10:60:00Z",
               "2024-05-01T10:00:61Z", "2024-05-01T10:00:00+2400", "2024-05-01T10:00:00+24:00", "2024-05-01T10:00:00+01:60",
               "2024-05-01T10:00:00+01", "+024-05-01T10:00:00Z", "-024-05-01T10:00:00Z", "2024-5-01T10:00:00Z ",
               "1969-12-31T23:59:59Z", "1970-01-01T00:30:00+01:00", "9999-12-31T23:59:59-00:01", "2024-05-01T1\xFF:00:00Z");
  CAPTURE(text);
  CHECK(parsed(text) == "nothing");
}

TEST_CASE("the first and the last storable instants are taken") {
  CHECK(parsed("1969-12-31T23:00:00-01:00") == "1970-01-01T00:00:00Z");
  CHECK(parsed("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z");
  CHECK(from_epoch_seconds(0) == timestamp{});
  CHECK(to_rfc3339(from_epoch_seconds(1557933657).value()) == "2019-05-15T15:20:57Z");
  CHECK(to_rfc3339(from_epoch_seconds(253402300799).value()) == "9999-12-31T23:59:59Z");
  CHECK_FALSE(from_epoch_seconds(253402300800));
  CHECK_FALSE(from_epoch_seconds(-1));
  CHECK_FALSE(from_epoch_seconds(std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("what to_rfc3339 writes is read back as the same instant") {
  for (std::int64_t micros = 0; micros < 253402300800'000000; micros += 7'654'321'098'765)
    REQUIRE(parse_rfc3339(to_rfc3339(timestamp{microseconds{micros}})) == timestamp{microseconds{micros}});
}
