#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>

/// `ingot sync` and `ingot repositories list`, straight on the database: the running node does the work. All throw
/// std::runtime_error with what to do.
namespace ingot::commands {

struct sync_options {
  std::string repository; ///< `owner/name`
  std::string user;       ///< whose; empty: the node's own
  bool full = false;      ///< list all files, even when the branch has not moved
  bool follow = false;    ///< wait for the end, and fail with it
  bool add = false;       ///< follow it first when it is not followed yet; asks the running node
  unsigned limit = 100;   ///< of a listing; 1 to 1000
  std::int64_t after = 0; ///< where an earlier page ended
};

int sync_repository(const settings& of, const sync_options& options, timestamp now, const terminal& to);
int list_repositories(const settings& of, const sync_options& options, const terminal& to);

} // namespace ingot::commands
