#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/time.hpp"

#include <string>

/// `ingot sources …`, straight on the database. All throw std::runtime_error with what to do.
namespace ingot::commands {

struct source_options {
  std::string id;
  std::string name;     ///< empty: as the id
  unsigned limit = 100; ///< of a listing; 1 to 1000
  std::string after;    ///< where an earlier page ended
};

int add_crawl_source(const settings& of, const source_options& options, timestamp now, const terminal& to);
int list_crawl_sources(const settings& of, const source_options& options, const terminal& to);
int set_crawl_source_disabled(const settings& of, const source_options& options, bool disabled, timestamp now,
                              const terminal& to);

} // namespace ingot::commands
