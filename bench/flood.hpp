#pragma once

#include <cstdint>
#include <filesystem>

namespace ingot::bench {

struct flood_settings {
  std::filesystem::path node, payloads, work_dir;
  double seconds = 10;        ///< of each quiet and each flooded round
  unsigned rounds = 6;        ///< quiet and flooded in turn
  unsigned connections = 256; ///< of the flood, one request outstanding on each
  double times = 10;          ///< what the node takes, offered by the flood
};

/// Quiet senders (repositories, sites, an application) at a steady rate, alone and beside one repository's webhook that offers
/// ten times what the node takes. Prints their p99 with and without, what was refused to whom, and one line of JSON.
/// @returns whether the quiet ones' p99 rose to at most 1.5 times, and nothing was refused them
bool run_flood_bench(const flood_settings& settings);

} // namespace ingot::bench
