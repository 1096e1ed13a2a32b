#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

namespace ingot::commands {

/// Brings the schema of the node's database to this program's version; makes the embedded cluster when there is none.
int migrate(const settings& of, const terminal& to);

} // namespace ingot::commands
