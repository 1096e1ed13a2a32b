#pragma once

#include <filesystem>

namespace ingot::bench {

struct manifest_bench_settings {
  std::filesystem::path node; ///< the binary ingot
  std::filesystem::path work_dir;
  double seconds = 5;
  unsigned connections = 8; ///< kept alive, one request in flight on each
};

/// Measures POST /api/v1/manifests/validate over HTTP: a small manifest, one of many members, and one with many faults.
/// @returns whether the median of the valid ones is at most 1 ms
bool run_manifest_bench(const manifest_bench_settings& settings);

} // namespace ingot::bench
