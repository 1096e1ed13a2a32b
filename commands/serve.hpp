#pragma once

#include "commands/command_line.hpp"
#include "commands/terminal.hpp"

#include <string>

namespace ingot::commands {

/// Refuses a wrong configuration, sets up the log, makes what secrets are missing, and runs the node. @returns the exit code
int serve(loaded_config config, const std::string& program, const serve_function& run, const terminal& to);

/// What a newcomer wants to know once the node takes requests: address, folder, secrets made just now, how to send a first
/// delivery.
std::string welcome(const settings& of, const loaded_config& from, const generated& made, const std::string& program,
                    std::uint16_t port);

} // namespace ingot::commands
