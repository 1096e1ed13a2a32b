#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

namespace ingot::commands {

/// `ingot sync all`: begins a nightly run now, by the running node. With `follow` it waits for the end and fails with the run, or
/// when a repository of it failed. Throws std::runtime_error with what to do.
int sync_all(const settings& of, bool full, bool follow, timestamp now, const terminal& to);

} // namespace ingot::commands
