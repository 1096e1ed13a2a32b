#pragma once

#include "bench/faults/fault_script.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace ingot::faults {

/// Makes work that passes named failpoints: rollups, rebuilds of the search, nightly runs and sweeps, and now and then a sync by
/// hand, as operators and timetables order them. A node's work is ordered from the node itself, which is the first to hear of it;
/// each has a thread of its own, since nodes that are stopped do not answer.
class provoker {
public:
  /// @param followed how many repositories are followed
  provoker(std::vector<std::uint16_t> ports, std::string database_url, std::size_t followed);
  ~provoker();

  /// What a node needs from now on; traffic: nothing of these.
  void want(std::size_t node, provocation what) noexcept { wanted_[node] = what; }

  /// Orders that were taken.
  std::uint64_t orders() const noexcept { return orders_; }

  /// A rollup of all that changed, from the first node that takes the order. @returns whether one did
  bool order_rollup();

private:
  void run(std::size_t node);
  bool post(std::size_t node, const std::string& path, const std::vector<std::pair<std::string, std::string>>& headers,
            const std::string& body);
  void order_sweep();
  void order_sync(std::size_t node, std::size_t repository);

  std::vector<std::uint16_t> ports_;
  std::string url_;
  std::size_t followed_;
  std::vector<std::atomic<provocation>> wanted_;
  std::atomic<std::uint64_t> orders_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

} // namespace ingot::faults
