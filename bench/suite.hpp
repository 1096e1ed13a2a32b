#pragma once

#include "bench/ceiling.hpp"
#include "bench/measure.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ingot::bench {

struct suite_settings {
  std::filesystem::path node;        ///< the binary `ingot`
  std::filesystem::path null_server; ///< the binary `ingot-bench-null`
  std::filesystem::path peer;        ///< folder of the peer, with node_modules; empty: not run
  std::filesystem::path payloads;    ///< empty: found
  std::filesystem::path work_dir;    ///< for data folders; a new folder below the system's temporary one when empty
  bool keep = false;                 ///< leave the data folders
  double seconds = 15, warmup_seconds = 3;
  std::uint64_t seed = 1;
  std::uint32_t repositories = 500;
  std::uint32_t many_repositories = 100'000;
  unsigned idle_wait_seconds = 90; ///< after `many`: the node lets go what idles for a minute
  std::set<std::string> scenarios; ///< of scenario_names(); empty: all
};

const std::vector<std::string>& scenario_names();

/// One figure against what the issue wants of it.
struct verdict {
  std::string what;
  double got = 0;
  double wanted = 0;
  bool at_least = false; ///< else at most
  std::string unit;

  bool passed() const { return at_least ? got >= wanted : got <= wanted; }
  /// How far it falls short, as a share of what is wanted; 0 when it passed.
  double short_by() const { return passed() || wanted == 0 ? 0 : (at_least ? (wanted - got) : (got - wanted)) / wanted; }
};

/// All that one run of the suite found.
struct suite_result {
  std::vector<measurement> runs;
  std::vector<ceiling_result> ceilings;
  std::optional<double> fdatasync_ms; ///< median; no commit is quicker than that
  std::optional<double> start_fresh_seconds, start_existing_seconds;
  std::optional<double> many_before_mb, many_peak_mb, many_after_mb, many_idle_mb;
  std::vector<std::string> skipped; ///< scenario and why

  const measurement* run(const std::string& name) const;
  const ceiling_result* ceiling(ceiling_way way) const;
  std::vector<verdict> verdicts() const;
  bool sound() const;

  /// The readable table, and the same as one line of JSON.
  std::string table() const;
  std::string json() const;
};

/// Starts and ends everything by itself; says what it does on standard error. Throws std::runtime_error when the node does not
/// start.
suite_result run_suite(const suite_settings& settings);

} // namespace ingot::bench
