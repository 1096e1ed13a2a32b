#pragma once

#include "bench/faults/fault_report.hpp"
#include "bench/faults/fault_script.hpp"
#include "bench/faults/traffic.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ingot::faults {

struct run_settings {
  std::filesystem::path binary; ///< `ingot`; empty: as tests find it
  script_settings script;       ///< what happens, for how long, and the seed of everything
  /// While kills of the script are missing the run goes on past its length, so long in all. 0: it does not.
  std::chrono::milliseconds patience{0};
  double rate = 700;         ///< requests a second that are begun, all intakes together
  double again_share = 0.05; ///< of acknowledged requests that are sent once more, to another node where there is one
  traffic_mix mix;
  std::size_t sites = 6, followed = 24;
  std::map<std::string, std::string> environment = {}; ///< of the nodes
  bool progress = false;                               ///< a line on standard error every few seconds
};

/// Plays a script on real nodes and a real PostgreSQL under load, lets all come to rest, and asks the oracle. Call it on a thread
/// that outlives it: what it starts ends with that thread. Throws std::runtime_error when the run cannot be set up.
run_report run_faults(const run_settings& of);

} // namespace ingot::faults
