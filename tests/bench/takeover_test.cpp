#include "bench/takeover.hpp"
#include "tests/support/catch.hpp"

using namespace ingot::bench;

// Each sort of fence: by JOBS alone, in the transaction of an effect, in one of several transactions of a job. All kinds:
// ./dev bench takeover --pauses 200.
TEST_CASE("law 12: a node that was stopped past its lease in the middle of a job writes nothing when it goes on") {
  auto settings = takeover_settings{};
  settings.node = INGOT_BINARY;
  settings.kinds = {"noop", "content_sync", "releases_fetch", "delivery_check", "nightly_run", "submission_track"};
  settings.pauses = 6;
  CHECK(run_takeover_bench(settings));
}
