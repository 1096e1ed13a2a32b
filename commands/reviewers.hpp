#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>

/// `ingot reviewers …`, straight on the database. All throw std::runtime_error with what to do.
namespace ingot::commands {

struct reviewer_options {
  std::string name, email;
  std::string role = "reviewer";
  bool password_on_stdin = false; ///< else one is made and printed, this once
  unsigned limit = 100;           ///< of a listing; 1 to 1000
  std::int64_t after = 0;         ///< where an earlier page ended
};

int add_reviewer(const settings& of, const reviewer_options& options, timestamp now, const terminal& to);
int list_reviewers(const settings& of, const reviewer_options& options, const terminal& to);
int remove_reviewer(const settings& of, const reviewer_options& options, timestamp now, const terminal& to);

/// Gives another password; the account's sessions end.
int change_reviewer_password(const settings& of, const reviewer_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
