#pragma once

#include <string>

namespace ingot::mcp {

/// What a manifest must be, as Markdown for its author: the members of the newest schema, what older versions have otherwise, and
/// the rules. docs/manifest.md is this text; a test holds them together.
std::string manifest_guide();

} // namespace ingot::mcp
