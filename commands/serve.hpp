#pragma once

#include "commands/command_line.hpp"
#include "commands/terminal.hpp"

#include <string>

namespace ingot::commands {

/// Refuses a wrong configuration, sets up the log, makes what secrets are missing, and runs the node. @returns the exit code
int serve(loaded_config config, const std::string& program, const serve_function& run, const terminal& to);

/// What a newcomer wants to know once the node takes requests: address, folder, secrets, how to send a first delivery.
/// @param show_secrets those that were made just now, themselves; else only where they are kept, since a service's output lies in
/// a journal (law 9)
std::string welcome(const settings& of, const loaded_config& from, const generated& made, const std::string& program,
                    std::uint16_t port, bool show_secrets);

} // namespace ingot::commands
