#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace ingot::commands {

/// psql on the node's database, with `arguments` passed on. @returns psql's exit code. Throws std::runtime_error.
int psql(const settings& of, const std::vector<std::string>& arguments);

} // namespace ingot::commands
