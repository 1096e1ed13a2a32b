#pragma once

#include "config/settings.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// One mistake in the configuration. Never holds the value of a secret (law 9).
struct config_problem {
  std::string file;       ///< path of the TOML file, or `environment`
  std::size_t line = 0;   ///< from 1; 0: the whole file, or the environment
  std::size_t column = 0; ///< from 1
  std::string key;        ///< `server.port`, or the environment variable's name
  std::string message;    ///< what was expected, what came, what to do
};

/// `ingot.toml:3:8: server.port: must be 0 to 65535, not 70000`
std::string to_string(const config_problem& x);

/// Where the configuration comes from.
struct config_sources {
  std::optional<std::filesystem::path> file; ///< named on the command line; else INGOT_CONFIG, else ./ingot.toml if there is one
  std::map<std::string, std::string> environment; ///< empty values count as absent
};

struct loaded_config {
  settings values;                            ///< defaults where nothing valid was said
  std::vector<config_problem> problems;       ///< every mistake, in the order file, environment, whole
  std::filesystem::path file;                 ///< the file that was read; empty: none
  std::map<std::string, std::string> origins; ///< key → `ingot.toml:3` or `environment PORT`; defaults are absent
};

/// The environment of this process.
std::map<std::string, std::string> process_environment();

/// Reads the TOML file, then lets the environment override it: `INGOT_<SECTION>_<NAME>` before the short names (PORT,
/// DATABASE_URL, …). Does not throw: everything that is wrong is in `problems`.
loaded_config load_config(const config_sources& sources);

} // namespace ingot
