#include "bench/faults/fault_run.hpp"
#include "tests/support/catch.hpp"

using namespace ingot::faults;

namespace {

/// Two nodes, every kind of fault, a fixed seed.
run_settings short_run() {
  auto out = run_settings{};
  out.script.seed = 20'240'601;
  out.script.nodes = 2;
  out.script.kills = 18;
  out.script.restarts = 3;
  out.script.stops = 2;
  out.script.length = std::chrono::seconds{25};
  out.script.others = all_other_faults();
  out.script.pause_between = std::chrono::milliseconds{1'500};
  out.rate = 250;
  out.mix = {.github = 4, .sites = 1, .events = 2, .stripe = 1, .crawl = 1};
  out.sites = 2;
  out.followed = 8;
  return out;
}

} // namespace

TEST_CASE("law 1: a short run of kills, stops, restarts and failing disks loses nothing, and all the other laws hold in it too") {
  const auto out = run_faults(short_run());
  INFO(out.text());
  CHECK(out.sound());
  CHECK(out.kills() >= 10);
  CHECK_FALSE(out.kills_at.empty());
  CHECK(out.faults.at("restart") == 3);
  CHECK(out.looks > 5);
  for (const auto n : out.acknowledged)
    CHECK(n > 0);
}
