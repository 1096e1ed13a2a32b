#pragma once

#include "commands/terminal.hpp"
#include "config/load.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ingot::commands {

enum class verdict : std::uint8_t { ok, warn, fail };

/// What one check found.
struct finding {
  std::string check; ///< what was looked at: `data folder`
  verdict is = verdict::ok;
  std::string found;
  std::string advice; ///< what to do; empty when nothing
};

using findings = std::vector<finding>;

/// The checks, each on its own; none throws for what it finds.
findings examine_configuration(const loaded_config& config);
findings examine_machine(const settings& of);            ///< PostgreSQL server, data folder, disk, descriptors
findings examine_tls(const settings& of, timestamp now); ///< files readable, belong together, not expired
findings examine_node(const settings& of);               ///< port free, or a node that answers /health and /ready
findings examine_database(const settings& of, const std::function<timestamp()>& now); ///< reachable, migrated, clock, versions

/// All of them. Exit code 1 when one failed.
int doctor(const loaded_config& config, const std::function<timestamp()>& now, const terminal& to);

/// Prints findings as a table or as JSON. @returns the exit code
int report(const findings& all, const terminal& to);

} // namespace ingot::commands
