#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::faults {

/// What has to happen so that a node passes a failpoint.
enum class provocation : std::uint8_t {
  traffic,  ///< any intake
  outage,   ///< its database is away
  drain,    ///< its database was away and is back
  search,   ///< a rebuild of the search
  rollup,   ///< a rollup with something to count
  contents, ///< a push with new contents
  nightly,  ///< a nightly run
  sweep,    ///< a sweep with something to remove
};

struct named_failpoint {
  std::string_view name;
  provocation needs;
  int pass_max; ///< passes are drawn from 1 to this
};

/// All of config/failpoints.hpp.
inline constexpr std::array<named_failpoint, 18> failpoints{{
    {"before_commit", provocation::traffic, 300},
    {"during_commit", provocation::traffic, 300},
    {"after_commit", provocation::traffic, 300},
    {"before_spool_commit", provocation::outage, 60},
    {"after_spool_commit", provocation::outage, 60},
    {"before_drain_commit", provocation::drain, 2},
    {"after_drain_commit", provocation::drain, 2},
    {"search_step", provocation::search, 3},
    {"rollup_counted", provocation::rollup, 1},
    {"rollup_before_commit", provocation::rollup, 1},
    {"rollup_written", provocation::rollup, 1},
    {"contents_before_flush", provocation::contents, 1},
    {"contents_blobs_kept", provocation::contents, 1},
    {"contents_before_write", provocation::contents, 1},
    {"contents_written", provocation::contents, 1},
    {"nightly_batch_recorded", provocation::nightly, 2},
    {"sweep_rows_gone", provocation::sweep, 1},
    {"sweep_objects_gone", provocation::sweep, 1},
}};

/// The index in `failpoints` of none.
inline constexpr int no_failpoint = -1;

/// One life of a node: how it ends, and what it meets.
struct life {
  int point = no_failpoint; ///< index in `failpoints`; none: it is killed at `patience`
  int pass = 1;             ///< it ends when it passes the point so often
  bool stop = false;        ///< SIGSTOP at the point instead of SIGKILL; it goes on after `pause`, and ends at `patience`
  std::chrono::milliseconds pause{0};    ///< past the leases or not
  std::chrono::milliseconds patience{0}; ///< killed after so long when it still lives

  friend bool operator==(const life&, const life&) = default;
};

/// Something that happens at a time of the run, not to a life.
enum class fault : std::uint8_t {
  restart,      ///< of PostgreSQL, immediately: its processes end without a checkpoint
  stop_backend, ///< one of PostgreSQL's backends is stopped for `length`
  stop_node,    ///< SIGSTOP of a node for `length`
  cut,          ///< all connections of a node to the database are cut
  cut_answers,  ///< the node's connections are cut within the database's next answers
  half_close,   ///< one direction of them ends
  delay,        ///< each direction is late for `length`
  stall,        ///< nothing passes for `length`
  refuse,       ///< the database is away for a node for `length`
  github,       ///< GitHub's stand-in answers wrongly for `length`
  disk_full,    ///< of a node's spool for `length`, while its database is away
  fsync_error,  ///< the same with fsyncs that fail
  torn_write,   ///< a write of the spool reaches the disk in part, and the node dies of it
  power_cut,    ///< the node dies, and what its spool had not synced is gone
  clock_jump,   ///< a node's clock is off by `value` seconds for `length`
};
inline constexpr std::array<std::string_view, 15> fault_names{
    "restart", "stop_backend", "stop_node", "cut",         "cut_answers", "half_close", "delay",     "stall",
    "refuse",  "github",       "disk_full", "fsync_error", "torn_write",  "power_cut",  "clock_jump"};

constexpr std::string_view to_string(fault x) noexcept {
  return fault_names[static_cast<std::size_t>(x)];
}

struct timed_fault {
  std::chrono::milliseconds at{0}; ///< after the beginning
  fault what = fault::restart;
  unsigned node = 0;
  std::chrono::milliseconds length{0};
  std::int64_t value = 0;

  friend bool operator==(const timed_fault&, const timed_fault&) = default;
};

struct script_settings {
  std::uint64_t seed = 1;
  unsigned nodes = 1;
  unsigned kills = 0;    ///< in all; a twentieth of them at each named failpoint, the rest at random
  unsigned restarts = 0; ///< of PostgreSQL, spread over `length`
  std::chrono::milliseconds length{60'000};
  std::vector<fault> others = {};                 ///< kinds that come by themselves
  std::chrono::milliseconds pause_between{4'000}; ///< of those, on average
  std::vector<std::string> points = {};           ///< only these failpoints; none: all
  unsigned stops = 0;                             ///< lives that are stopped at a failpoint
  std::chrono::milliseconds lease{1'500};         ///< of jobs; some stops are longer
};

/// What happens in a run. A pure function of its settings: the same seed gives the same script.
struct fault_script {
  std::vector<life> lives;         ///< a node that is to be started takes the next one
  std::vector<timed_fault> faults; ///< by time

  friend bool operator==(const fault_script&, const fault_script&) = default;
};

/// Every kind but `restart`.
std::vector<fault> all_other_faults();

fault_script make_script(const script_settings& of);

/// A further life that ends at `point`: in a run's end, for those that did not die where they should have. @param n which
life make_up_life(const script_settings& of, int point, unsigned n);

/// How many kills a run wants at each of its failpoints.
unsigned kills_at_each(const script_settings& of);

/// The failpoints of a run, as indices.
std::vector<int> points_of(const script_settings& of);

} // namespace ingot::faults
