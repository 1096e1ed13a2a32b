#pragma once

#include <iosfwd>
#include <stdexcept>

namespace ingot::commands {

/// Where a command writes, and in which form.
struct terminal {
  std::ostream& out; ///< results
  std::ostream& err; ///< what is wrong
  bool json = false; ///< results as JSON
  bool coloured = false;
  bool seen = false; ///< a person reads `out` as it comes: it is kept nowhere, so secrets may be shown
};

/// What the command line says cannot be meant: exit code 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Exit codes of every command.
inline constexpr int done = 0;
inline constexpr int failed = 1;        ///< it could not be done, or a check failed
inline constexpr int misconfigured = 2; ///< the command line or the configuration is wrong

} // namespace ingot::commands
