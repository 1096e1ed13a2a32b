#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// A program to be run, found in PATH.
struct subprocess {
  std::vector<std::string> arguments;        ///< the program first
  std::vector<std::string> environment = {}; ///< `NAME=value`, over this process's own
  std::string input = {};
};

/// Runs it to its end and gives `into` what it writes to standard output, piece by piece. When `into` throws, the program is
/// ended and the exception passed on.
/// @returns its exit code; -1 when a signal ended it. Throws std::runtime_error when it cannot be started.
int run(const subprocess& x, const std::function<void(std::string_view)>& into);

/// Its output. Throws std::runtime_error, with the output, when it does not exit with 0.
std::string output_of(const subprocess& x);

} // namespace ingot::testing
