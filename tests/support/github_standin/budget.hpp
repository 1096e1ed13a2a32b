#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ingot::testing {

/// GitHub's limits.
struct budget_rules {
  std::int64_t core = 5'000, graphql = 5'000, anonymous = 60; ///< in one window
  std::int64_t window_seconds = 3'600;
  std::size_t points_per_minute = 900, graphql_points_per_minute = 2'000;
  std::size_t at_once = 100;
  std::int64_t secondary_seconds = 60; ///< retry-after of a secondary limit
};

/// Keeps the budgets and says who is beyond them. Not thread-safe.
class budget_book {
public:
  using clock = std::chrono::system_clock;
  using headers = std::vector<std::pair<std::string, std::string>>;

  budget_rules rules;

  struct verdict {
    enum class is { allowed, over_primary, over_secondary } what = is::allowed;
    std::string reason = {};
  };

  /// One request begins. @param metered whether it draws on the primary limit at all
  verdict begin(const std::string& who, const std::string& resource, std::uint32_t points, bool metered);
  /// Its answer is sent.
  void leave(const std::string& who);
  /// It cost nothing of the primary limit after all (304).
  void give_back(const std::string& who, const std::string& resource);

  headers headers_of(const std::string& who, const std::string& resource) const;

  struct window {
    std::int64_t used = 0, reset = 0;
  };
  window at(const std::string& who, const std::string& resource) const;
  std::int64_t limit_of(const std::string& who, const std::string& resource) const;
  void set_used(const std::string& who, const std::string& resource, std::int64_t used);

private:
  window& renew(const std::string& who, const std::string& resource);

  std::map<std::pair<std::string, std::string>, window> windows_;
  std::map<std::pair<std::string, std::string>, std::deque<std::pair<clock::time_point, std::uint32_t>>> points_;
  std::map<std::string, std::size_t> at_once_;
};

} // namespace ingot::testing
