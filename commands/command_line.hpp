#pragma once

#include "config/load.hpp"
#include "config/secrets.hpp"

#include <cstdint>
#include <functional>

namespace ingot {

/// What `ingot serve` hands to the composition in main.cpp: settings that are sound, complete with their secrets, the log
/// configured.
struct serve_request {
  settings values;
  loaded_config loaded; ///< where the values come from; for a SIGHUP that reads the file again
  /// Call it once, with the port, when the node takes requests: prints address, folder, what was generated (once), and how to
  /// send a first delivery.
  std::function<void(std::uint16_t port)> announce;
};

/// Runs the node until it is told to stop. @returns the exit code.
using serve_function = std::function<int(serve_request)>;

/// Parses the command line and does what it says. Exit codes: 0 done, 1 it failed (the reason is on standard error), 2 the
/// command line or the configuration is wrong.
int run_command_line(int argc, char** argv, serve_function serve);

} // namespace ingot
