#pragma once

#include <filesystem>

namespace ingot::bench {

struct soak_settings {
  std::filesystem::path node, payloads, work_dir;
  double minutes = 60;
  double rate = 0; ///< deliveries a second; 0: half of what the node takes, which is measured before
};

/// A steady load for a long time. Prints, by sixths of it, latencies, memory and descriptors, and for the database's largest
/// tables size and dead rows at the beginning and at the end; and one line of JSON. @returns whether after the first sixth memory
/// grew by less than 2%, descriptors stayed, p99 of the last sixth is at most 1.1 times the first one's, and nothing was lost
bool run_soak_bench(const soak_settings& settings);

} // namespace ingot::bench
