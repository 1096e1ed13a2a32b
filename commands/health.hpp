#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

namespace ingot::commands {

/// Asks the running node of these settings for GET /health, over TLS when it has a certificate, and waits 4 s at most. That it
/// lives is enough: one whose database is away acknowledges from its spool. @returns the exit code
int health(const settings& of, const terminal& to);

} // namespace ingot::commands
