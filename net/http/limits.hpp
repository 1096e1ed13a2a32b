#pragma once

#include "config/settings.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ingot::http {

/// What is held at this moment by all I/O threads together, and the bounds of it (law 5). Thread-safe.
class limits {
public:
  explicit limits(const server_settings& settings) noexcept : settings_(settings) {}

  /// Counts a connection of `address_key` in; empty: of a proxy that brings many clients, for which only the cap of all holds.
  /// @returns false, and counts nothing, when a cap is reached
  bool enter_connection(const std::string& address_key);
  void leave_connection(const std::string& address_key) noexcept;

  /// Counts an admitted request in. @returns false, and counts nothing, at the bound
  bool enter_request() noexcept { return take(requests_, 1, settings_.requests_in_flight_max); }
  void leave_request() noexcept { requests_.fetch_sub(1, std::memory_order_relaxed); }

  /// Counts bytes of a body in. @returns false, and counts nothing, at the bound
  bool take_bytes(std::size_t count) noexcept { return take(bytes_, count, settings_.bytes_in_flight_max); }
  void give_bytes(std::size_t count) noexcept { bytes_.fetch_sub(count, std::memory_order_relaxed); }

  /// Whether take_bytes(count) would succeed now.
  bool has_bytes(std::size_t count) const noexcept {
    const auto held = bytes();
    return held <= settings_.bytes_in_flight_max && count <= settings_.bytes_in_flight_max - held;
  }

  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  std::size_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

private:
  static bool take(std::atomic<std::size_t>& counter, std::size_t count, std::size_t max) noexcept {
    const auto before = counter.fetch_add(count, std::memory_order_relaxed);
    if (before <= max && count <= max - before)
      return true;
    counter.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }

  const server_settings& settings_;
  // Apart, so that the threads do not fight for one cache line more than they must.
  alignas(64) std::atomic<std::size_t> connections_{0};
  alignas(64) std::atomic<std::size_t> requests_{0};
  std::atomic<std::size_t> bytes_{0};
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> per_address_; ///< holds only addresses with a connection
};

} // namespace ingot::http
