#pragma once

#include <filesystem>

namespace ingot::bench {

struct contents_bench_settings {
  std::filesystem::path node;     ///< the binary `ingot`
  std::filesystem::path work_dir; ///< for repositories and data folders; a new one below the system's temporary one when empty
  int files = 10'000;             ///< of a repository
  int rounds = 3;
  int followed = 1'000; ///< unchanged repositories that the fallback looks after
};

/// Measures the contents of repositories (scenario `contents`) against the stand-in for GitHub on the loopback: first syncs
/// beside `git clone --depth 1` and `git cat-file --batch` of the same repository, pushes of k files, and what unchanged
/// repositories cost. Prints a table. @returns whether every sync succeeded
bool run_contents_bench(const contents_bench_settings& settings);

} // namespace ingot::bench
