#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"
#include "storage/sites.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// `ingot sites …` and `ingot keys …`, straight on the database. All throw std::runtime_error with what to do.
namespace ingot::commands {

struct site_options {
  std::string name;
  std::int64_t id = 0;   ///< of a site; 0: none was said
  std::string key;       ///< to revoke: its id, or its prefix
  unsigned limit = 100;  ///< of a listing; 1 to 1000
  std::string after;     ///< where an earlier page ended
  bool insecure = false; ///< only modules that need a security update
};

int add_site(const settings& of, const site_options& options, timestamp now, const terminal& to);
int list_sites(const settings& of, const site_options& options, const terminal& to);
int show_site(const settings& of, const site_options& options, const terminal& to);
int set_site_disabled(const settings& of, const site_options& options, bool disabled, timestamp now, const terminal& to);
int list_site_modules(const settings& of, const site_options& options, const terminal& to);

/// Prints the key; nobody can read it again.
int create_key(const settings& of, const site_options& options, timestamp now, const terminal& to);
int list_keys(const settings& of, const site_options& options, const terminal& to);
int revoke_key(const settings& of, const site_options& options, timestamp now, const terminal& to);

} // namespace ingot::commands
