#pragma once

#include "bench/faults/fault_script.hpp"
#include "bench/faults/fault_world.hpp"

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace ingot::faults {

/// Makes a script's faults in a world, and ends those that last. For the thread that made the world.
class fault_hands {
public:
  explicit fault_hands(fault_world& in) : world_{in} {}

  void make(const timed_fault& x);

  /// Ends what has lasted long enough.
  void end_due();

  /// Ends all.
  void end_all();

private:
  using clock = std::chrono::steady_clock;

  void later(std::chrono::milliseconds after, std::function<void()> what);
  void trust_disk_again(fault_node& x);
  void continue_backends();
  void stop_backend(std::uint64_t any, std::chrono::milliseconds length);
  void disturb_github(std::uint64_t seed);

  fault_world& world_;
  std::vector<std::pair<clock::time_point, std::function<void()>>> ends_;
  std::vector<pid_t> stopped_backends_;
};

} // namespace ingot::faults
