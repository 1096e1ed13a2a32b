#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

#include <filesystem>

namespace ingot::commands {

struct restore_options {
  std::filesystem::path folder; ///< of a backup
  bool replace = false;         ///< what stands where it goes is taken away; else it is refused
  bool verify_only = false;     ///< look whether the backup is whole, and do no more
};

/// Brings back what `ingot backup` has written: into the data folder of the settings, and into their database (an empty one, or
/// the embedded one, which is made). Everything is verified before anything is changed. No node may run on the data folder.
/// Throws std::runtime_error. @returns 1 when the backup is not whole, or when the restored rows name contents that neither the
/// backup nor the store has, or hold secrets that no master key at hand opens
int restore(const settings& of, const restore_options& what, const terminal& to);

} // namespace ingot::commands
