#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"
#include "storage/module_releases.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace ingot::commands {

/// Imports Drupal release histories (the XML of updates.drupal.org): files, folders (every `.xml` below them, in the order of
/// their names), `-` for `input`. A file that cannot be imported is named, and the others go on.
/// A history older than what is known of its project is not imported unless `older` says so.
/// @returns done, or failed when one was not imported. Throws std::runtime_error when the database cannot be reached.
int import_drupal_releases(const settings& of, const std::vector<std::string>& names, std::istream& input,
                           storage::older_histories older, timestamp now, const terminal& to);

} // namespace ingot::commands
