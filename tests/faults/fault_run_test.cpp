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
  out.patience = std::chrono::seconds{150}; // on a busy machine a node takes long to start and to die
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
  CHECK(out.kills() >= 8);
  CHECK_FALSE(out.kills_at.empty());
  CHECK(out.faults.at("restart") == 3);
  CHECK(out.looks > 5);
  for (const auto n : out.acknowledged)
    CHECK(n > 0);
}

namespace {

/// Some seconds of two nodes that nobody kills, with one protection off.
run_settings without(const char* protection) {
  auto out = run_settings{};
  out.script.seed = 7;
  out.script.nodes = 2;
  out.script.length = std::chrono::seconds{5};
  out.rate = 300;
  out.sites = 2;
  out.followed = 0;
  out.environment["INGOT_TEST_SWITCH_OFF"] = protection;
  return out;
}

run_settings power_cuts(const char* protection) {
  auto out = without(protection);
  out.script.length = std::chrono::seconds{8};
  out.script.others = {fault::power_cut};
  out.script.pause_between = std::chrono::milliseconds{1'000};
  return out;
}

/// Attempts at syncs of contents are stopped past their leases before they write, and others do their jobs meanwhile.
run_settings pauses(const char* protection) {
  auto out = without(protection);
  out.script.length = std::chrono::seconds{15};
  out.script.lease = std::chrono::milliseconds{300};
  out.script.stops = 40;
  out.script.points = {"contents_blobs_kept"};
  out.mix = {.github = 0, .sites = 0, .events = 1, .stripe = 0, .crawl = 0};
  out.rate = 100;
  out.followed = 3;
  return out;
}

/// Jobs that only a table's unique key kept from writing a change a second time.
std::uint64_t jobs_stopped_by_a_key(const run_report& of) {
  auto out = std::uint64_t{0};
  for (const auto& [reason, n] : of.job_reasons)
    out += reason.find("23505") != std::string::npos ? n : 0; // unique_violation
  return out;
}

} // namespace

TEST_CASE("law 2: with dedupe off the oracle finds deliveries and events that are applied twice") {
  const auto out = run_faults(without("dedupe"));
  INFO(out.text());
  CHECK(out.count(finding_kind::applied_twice) > 0);
  CHECK(out.count(finding_kind::lost) == 0);
}

TEST_CASE("law 12: with fencing off the oracle finds updates of one node that another one overwrote") {
  const auto out = run_faults(without("fencing"));
  INFO(out.text());
  CHECK(out.count(finding_kind::lost) > 0);
  CHECK(out.count(finding_kind::applied_twice) == 0);
}

TEST_CASE("law 12: with fencing off the run finds what an attempt without its lease wrote") {
  const auto out = run_faults(pauses("fencing"));
  INFO(out.text());
  CHECK(out.stops_at_failpoints > 0);
  CHECK(out.count(finding_kind::regressed) + out.count(finding_kind::disagrees) + jobs_stopped_by_a_key(out) > 0);
}

TEST_CASE("law 1: with fsync off the oracle finds what a power cut took") {
  const auto out = run_faults(power_cuts("fsync"));
  INFO(out.text());
  CHECK(out.faults.at("power_cut") > 0);
  CHECK(out.count(finding_kind::lost) > 0);
}

TEST_CASE("laws 1, 2 and 12: with every protection on the oracle finds nothing in runs like those that find something without") {
  auto settings = pauses("");
  settings.mix = {.github = 4, .sites = 1, .events = 2, .stripe = 1, .crawl = 1};
  settings.script.others = {fault::power_cut};
  settings.script.pause_between = std::chrono::milliseconds{1'000};
  const auto out = run_faults(settings);
  INFO(out.text());
  CHECK(out.sound());
  CHECK(jobs_stopped_by_a_key(out) == 0);
  CHECK(out.stops_at_failpoints > 0);
  CHECK(out.faults.at("power_cut") > 0);
}
