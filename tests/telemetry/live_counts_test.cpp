#include "telemetry/metrics.hpp"
#include "tests/support/catch.hpp"

using namespace ingot;
using namespace ingot::telemetry;

TEST_CASE("what the console shows of the metrics is what was counted") {
  auto counters = metrics{"1.2.3"};
  CHECK(counters.live().deliveries.empty());
  counters.count_delivery("push", delivery_outcome::stored, 3);
  counters.count_delivery("issues", delivery_outcome::ignored);
  counters.intake_items.at({"events", "accepted"}).add(7);
  counters.jobs.at({"dead"}).set(2);
  counters.job_oldest_due.set(40);
  counters.rate_limit.at({"token", "core"}).set(5'000);
  counters.rate_remaining.at({"token", "core"}).set(4'321);
  counters.ack_seconds.observe(0.004);
  counters.ack_seconds.observe(60);
  const auto now = counters.live();
  REQUIRE(now.deliveries.size() == 2);
  auto stored = 0.0;
  for (const auto& x : now.deliveries)
    if (x.labels == std::vector<std::string>{"push", "stored"})
      stored += x.value;
  CHECK(stored == 3);
  REQUIRE(now.intake_items.size() == 1);
  CHECK(now.intake_items[0].labels == std::vector<std::string>{"events", "accepted"});
  CHECK(now.intake_items[0].value == 7);
  REQUIRE(now.jobs.size() == 1);
  CHECK(now.jobs[0].value == 2);
  CHECK(now.job_oldest_due_seconds == 40);
  CHECK(now.rate_limit.at(0).labels == now.rate_remaining.at(0).labels);
  CHECK(now.rate_remaining.at(0).value == 4'321);
  // Each bucket holds those below it; the last one, which has no bound, holds all.
  REQUIRE_FALSE(now.ack_seconds_upto.empty());
  CHECK(now.ack_seconds_upto.front().second == 0);
  CHECK(now.ack_seconds_upto.back().second == 2);
}
