#pragma once

#include <filesystem>

namespace ingot::bench {

struct outage_settings {
  std::filesystem::path node, payloads, work_dir;
  double seconds = 60; ///< without a database
  double rate = 500;   ///< deliveries a second, all the time
};

/// A database outside the node that is away for a while, under load. Prints what was refused, lost, how long an acknowledgement
/// took, how long the spool took to drain, and one line of JSON. Needs the main thread (the database hangs on it).
/// @returns whether nothing was refused or lost, acknowledgements took less than 1 s (p99 of each 5 s), and it drained in 60 s
bool run_outage_bench(const outage_settings& settings);

} // namespace ingot::bench
