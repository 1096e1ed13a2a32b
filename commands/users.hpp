#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>

/// `ingot users …`, straight on the database. All throw std::runtime_error with what to do.
namespace ingot::commands {

struct user_options {
  std::string id; ///< of the user; empty: none was said
  std::string name;
  std::int64_t key = 0;   ///< to revoke
  unsigned limit = 100;   ///< of a listing; 1 to 1000
  std::int64_t after = 0; ///< where an earlier page ended
};

/// Prints the key; nobody can read it again.
int add_user_key(const settings& of, const user_options& options, timestamp now, const terminal& to);
int list_user_keys(const settings& of, const user_options& options, const terminal& to);
int revoke_user_key(const settings& of, const user_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
