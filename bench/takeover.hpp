#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ingot::bench {

struct takeover_settings {
  std::filesystem::path node;
  std::filesystem::path work_dir;
  std::vector<std::string> kinds; ///< of jobs; empty: all
  unsigned pauses = 0;            ///< so many, over the kinds in turn; 0: takeovers are measured instead
  unsigned stops = 5;             ///< graceful ones of each sort of work
  unsigned seed = 1;              ///< which pass of a kind's fence a pause is at
};

/// What becomes of a node's jobs, one table and one line of JSON. Takeovers, with default settings: how long after a node was
/// killed with a job of each kind in its hands another has done it, and how long after a SIGTERM another has begun it. Pauses,
/// with a short lease: a node is stopped where it is about to name its lease, another does the job, the first goes on: what it
/// still writes is counted, and whether its lease was refused. @returns whether all is as it must be
bool run_takeover_bench(const takeover_settings& settings);

} // namespace ingot::bench
