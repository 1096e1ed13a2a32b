#pragma once

#include <filesystem>

namespace ingot::bench {

struct job_bench_settings {
  std::filesystem::path node;     ///< the binary `ingot`
  std::filesystem::path work_dir; ///< for the data folder; a new one below the system's temporary one when empty
  int jobs = 50'000;
};

/// Measures the JOBS engine (scenario `jobs`): empty jobs through claim, run and complete on one node; and what a claim costs
/// with few and with a million waiting jobs. Prints a table. @returns whether all jobs succeeded
bool run_job_bench(const job_bench_settings& settings);

} // namespace ingot::bench
