#pragma once

#include "commands/terminal.hpp"
#include "config/load.hpp"

#include <string>

namespace ingot::commands {

/// Names every mistake with its place, and shows the effective settings with where each comes from; secrets are masked (law 9).
int check_config(const loaded_config& config, const terminal& to);

/// The table of docs/operating.md: every setting with its names, type, default, range and reason, as Markdown.
std::string explain_settings();

/// docs/ingot.example.toml: every setting at its default, commented out, with its reason.
std::string example_toml();

/// Prints the problems, one a line, to `to.err`.
void print_problems(const loaded_config& config, const terminal& to);

} // namespace ingot::commands
