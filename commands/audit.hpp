#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

#include <string>

/// `ingot audit …`, straight on the database. Throws std::runtime_error with what to do.
namespace ingot::commands {

/// Walks through the chain of the audit log and names the first thing that is wrong (exit code 1), as are lines that have waited
/// for their seal for longer than a minute.
/// @param anchor `SEQ:HASH` that an earlier run has printed, or empty
int verify_audit(const settings& of, const std::string& anchor, const terminal& to);

} // namespace ingot::commands
