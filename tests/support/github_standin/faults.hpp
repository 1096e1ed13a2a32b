#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// What goes wrong with a request.
enum class fault_kind : std::uint8_t {
  server_error,   ///< 500, 502, 503 or 504
  forbidden,      ///< 403 with retry-after: a secondary limit
  too_many,       ///< 429 with retry-after
  forbidden_bare, ///< 403 of a secondary limit that does not say how long
  stall,          ///< nothing comes for a while, then the answer
  silence,        ///< nothing comes for so long that the peer must give up
  cut,            ///< the connection ends in the middle of the body
  reset,          ///< the connection ends before the body
  damage,         ///< a byte of a body that is no JSON is another one
};

std::string_view to_string(fault_kind x);
std::optional<fault_kind> fault_kind_of(std::string_view name);

/// Which requests go wrong: the same seed and order of requests give the same faults.
struct fault_script {
  std::uint64_t seed = 1;
  double rate = 0; ///< of the requests that match, 0 to 1
  std::vector<fault_kind> kinds = {};
  std::string match = {};                                              ///< part of the path; empty: all
  std::uint64_t count_max = std::numeric_limits<std::uint64_t>::max(); ///< faults, then no more
  std::chrono::seconds retry_after{1};
  std::chrono::milliseconds stall{50}, silence{60'000};
};

/// Draws the faults of one script. Not thread-safe.
class fault_source {
public:
  fault_source() = default;
  explicit fault_source(fault_script x) : script_{std::move(x)}, chance_{script_.seed} {}

  std::optional<fault_kind> draw(std::string_view path);
  std::size_t pick(std::size_t below);
  const fault_script& script() const noexcept { return script_; }
  std::uint64_t drawn() const noexcept { return drawn_; }

private:
  fault_script script_;
  std::mt19937_64 chance_{1};
  std::uint64_t drawn_ = 0;
};

} // namespace ingot::testing
