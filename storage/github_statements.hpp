#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace ingot::storage {

/// The prepared statements of github_rows: name and SQL.
std::span<const std::pair<std::string_view, std::string_view>> github_statements();

} // namespace ingot::storage
