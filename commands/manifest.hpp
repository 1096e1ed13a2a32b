#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"

#include <iosfwd>
#include <string>

namespace ingot::commands {

/// Judges a manifest of an MCP server as POST /api/v1/manifests/validate does: `file`, or `-` for `input`.
/// @returns done when it is valid, else failed. Throws std::runtime_error when the file cannot be read.
int validate_manifest(const settings& of, const std::string& file, std::istream& input, const terminal& to);

/// Writes what a manifest must be, as Markdown: what docs/manifest.md holds, made of the schemas.
int describe_manifests(const terminal& to);

} // namespace ingot::commands
