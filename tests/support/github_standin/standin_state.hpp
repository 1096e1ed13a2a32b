#pragma once

#include "tests/support/github_standin/answer_json.hpp"
#include "tests/support/github_standin/github_standin.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ingot::testing {

/// What the stand-in knows. Whoever reads or writes it holds `mutex`.
struct github_standin::state {
  mutable std::mutex mutex;
  answer_json make; ///< never changes
  std::map<std::int64_t, hosted_repository> repositories;
  std::map<std::int64_t, std::map<std::string, std::string>> lfs_objects; ///< by repository and id
  std::map<std::string, hosted_token> tokens, refresh_tokens, oauth_codes;
  hosted_app app;
  std::map<std::int64_t, hosted_installation> installations;
  std::vector<hosted_delivery> deliveries; ///< oldest first
  std::vector<std::int64_t> redelivered;
  standin_limits limits;
  budget_book budget;
  fault_source faults;
  standin_counts counts;
  std::size_t at_once = 0;
  std::int64_t last_id = 1'000;
  std::uint64_t last_token = 0;

  hosted_repository* find(std::int64_t id);
  /// By its present name, else by a former one. @param former whether it was that
  hosted_repository* find(const std::string& owner, const std::string& name, bool& former);
  std::string new_token(const char* prefix);
};

std::int64_t seconds_now();

} // namespace ingot::testing
