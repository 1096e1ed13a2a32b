#pragma once

#include "bench/faults/shim_control.hpp"

#include <map>
#include <string>

#include <sys/types.h>

namespace ingot::testing {

/// The program disk_commands with the disk shim in it; killed with this object.
class shimmed_process {
public:
  /// @param more of its environment
  explicit shimmed_process(const bench::shim_control& shim, const std::map<std::string, std::string>& more = {});
  ~shimmed_process();
  shimmed_process(const shimmed_process&) = delete;
  shimmed_process& operator=(const shimmed_process&) = delete;

  /// Its answer to a command; empty: it is dead.
  std::string ask(const std::string& command);

  void kill();

  /// Did it end by SIGKILL? Waits for its end.
  bool was_killed();

private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int status_ = 0;
};

} // namespace ingot::testing
