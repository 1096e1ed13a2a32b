#pragma once

#include "bench/faults/fault_script.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace ingot::faults {

/// Makes work that passes named failpoints: rollups, rebuilds of the search, nightly runs, sweeps and syncs by hand, as operators
/// and timetables order them. Whoever is asked may be gone: then the next one is asked.
class provoker {
public:
  /// @param followed how many repositories are followed
  provoker(std::vector<std::uint16_t> ports, std::string database_url, std::size_t followed);
  ~provoker();

  /// What is wanted from now on, a bit each.
  void want(std::uint32_t provocations) noexcept { wanted_ = provocations; }

  static constexpr std::uint32_t bit(provocation x) noexcept { return 1u << static_cast<unsigned>(x); }

  /// Orders that were taken.
  std::uint64_t orders() const noexcept { return orders_; }

  /// A rollup of all that changed, ordered from a node that lives; once, and not waited for. @returns whether one took it
  bool order_rollup();

private:
  void run();
  bool post(const std::string& path, std::vector<std::pair<std::string, std::string>> headers, const std::string& body);
  void order_sweep();

  std::vector<std::uint16_t> ports_;
  std::string url_;
  std::size_t followed_;
  std::atomic<std::uint32_t> wanted_{0};
  std::atomic<std::uint64_t> orders_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> next_{0};
  std::thread thread_;
};

} // namespace ingot::faults
