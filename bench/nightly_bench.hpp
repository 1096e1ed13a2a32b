#pragma once

#include <filesystem>

namespace ingot::bench {

struct nightly_bench_settings {
  std::filesystem::path node;     ///< the binary `ingot`
  std::filesystem::path work_dir; ///< for repositories and data folders; a new one below the system's temporary one when empty
  int repositories = 5'000;
  int changed = 50;
  int latency_ms = 20; ///< of every answer of the stand-in
};

/// Measures a nightly run (scenario `nightly`) over followed repositories of the stand-in for GitHub: how long it takes, what it
/// asks, what it costs the node. Prints a table. @returns whether the run succeeded and found what had changed
bool run_nightly_bench(const nightly_bench_settings& settings);

} // namespace ingot::bench
