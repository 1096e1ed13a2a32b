#pragma once

#include <filesystem>
#include <string>

namespace ingot::bench {

struct site_bench_settings {
  std::filesystem::path node;     ///< the binary `ingot`
  std::filesystem::path work_dir; ///< for data folders; a new folder below the system's temporary one when empty
  double seconds = 5;             ///< of each run
  bool quick = false;             ///< 1,000 modules and few runs
};

/// Measures syncs of sites (scenario `site-sync`): sizes, kinds of change, sites at once; beside them the statement that one
/// would write by hand through psql, and a client that writes row by row. Prints a table. @returns whether every sync was
/// answered 200
bool run_site_bench(const site_bench_settings& settings);

} // namespace ingot::bench
