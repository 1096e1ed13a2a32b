#pragma once

#include "model/mcp/readme.hpp"

#include <optional>

namespace ingot::mcp {

/// What a block of code is for, when it says how to install or configure a server.
std::optional<snippet_kind> snippet_kind_of(std::string_view code);

/// The SPDX identifier of the licence that `text` names; empty: none that is known.
std::string licence_in(std::string_view text);

/// Is `heading` that of the section on the licence?
bool is_licence_heading(std::string_view heading);

} // namespace ingot::mcp
