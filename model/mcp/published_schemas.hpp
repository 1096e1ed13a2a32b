#pragma once

#include <span>
#include <string_view>

namespace ingot::mcp {

/// One published version of the JSON Schema of server.json, in our own words (model/mcp/schemas): the same verdicts as the
/// official file of that date, https://static.modelcontextprotocol.io/schemas/DATE/server.schema.json. Descriptions are hints for
/// the author of a manifest.
struct published_schema {
  std::string_view version; ///< `2025-12-11`
  std::string_view text;    ///< JSON Schema, draft-07
};

/// All versions, ascending.
std::span<const published_schema> published_schemas();

} // namespace ingot::mcp
