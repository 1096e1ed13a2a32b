#include "model/request_limiter.hpp"

#include "tests/support/catch.hpp"

using namespace ingot;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const auto begin = *parse_rfc3339("2026-11-18T12:00:00Z");

ip_address v4(unsigned n) {
  auto x = ip_address{};
  for (auto i = 4; i-- > 0; n >>= 8)
    x.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(n);
  return x;
}

} // namespace

TEST_CASE("model: law 5: an address has a minute's requests at once, then one whenever its share of the minute has passed") {
  request_limiter limit{60, 1};
  for (auto left = 59u; left + 1 > 0; --left) {
    const auto x = limit.take(v4(1), begin);
    REQUIRE(x.allowed);
    CHECK(x.remaining == left);
    CHECK(x.limit == 60);
  }
  const auto refused = limit.take(v4(1), begin);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_in == seconds{1});
  CHECK(refused.reset == seconds{60});
  CHECK_FALSE(limit.take(v4(1), begin + milliseconds{999}).allowed);
  CHECK(limit.take(v4(1), begin + milliseconds{1'000}).allowed);
  CHECK_FALSE(limit.take(v4(1), begin + milliseconds{1'000}).allowed);
  CHECK(limit.take(v4(1), begin + seconds{90}).remaining == 59);
}

TEST_CASE("model: law 3: one address that has used up its share takes nothing from another") {
  request_limiter limit{2, 1};
  for (auto i = 0; i < 10; ++i)
    limit.take(v4(1), begin);
  CHECK(limit.take(v4(2), begin).allowed);
  CHECK_FALSE(limit.take(v4(1), begin).allowed);
}

TEST_CASE("model: an IPv6 /64 is one client, and another /64 is another") {
  request_limiter limit{1, 1};
  CHECK(limit.take(*parse_ip("2001:db8:1:2::1"), begin).allowed);
  CHECK_FALSE(limit.take(*parse_ip("2001:db8:1:2:ffff::9"), begin).allowed);
  CHECK(limit.take(*parse_ip("2001:db8:1:3::1"), begin).allowed);
}

TEST_CASE("model: law 5: a million addresses use no more memory, refuse nobody who is within its share, and are limited again "
          "after it") {
  request_limiter limit{2, 7};
  auto refused = 0;
  for (auto n = 0u; n < 1'000'000; ++n)
    refused += limit.take(v4(n), begin + std::chrono::microseconds{n}).allowed ? 0 : 1;
  CHECK(refused == 0);
  for (auto i = 0; i < 2; ++i)
    CHECK(limit.take(v4(5), begin + seconds{1}).allowed);
  CHECK_FALSE(limit.take(v4(5), begin + seconds{1}).allowed);
}

TEST_CASE("model: a clock that is set back shuts nobody out for longer than a minute") {
  request_limiter limit{1, 1};
  CHECK(limit.take(v4(1), begin + std::chrono::hours{5}).allowed);
  CHECK_FALSE(limit.take(v4(1), begin).allowed);
  CHECK(limit.take(v4(1), begin + seconds{61}).allowed);
}

TEST_CASE("model: a limit of nothing limits nothing") {
  request_limiter limit{0, 1};
  for (auto i = 0; i < 1'000; ++i)
    REQUIRE(limit.take(v4(1), begin).allowed);
  CHECK(limit.take(v4(1), begin).limit == 0);
}
