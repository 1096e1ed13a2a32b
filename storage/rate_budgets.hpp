#pragma once

#include "config/settings.hpp"
#include "model/github/limiter/shared_budget.hpp"
#include "storage/batch_store.hpp"
#include "storage/connection.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ingot::storage {

/// Where nodes share the limits of GitHub's API. One thread at a time.
class rate_store {
public:
  virtual ~rate_store() = default;

  /// Applies reports to their rows in one transaction, by the database's clock; sorted by budget, each budget once. Throws
  /// store_error: nothing was applied, or nobody knows (then the node's lease may be larger than it knows, never smaller).
  /// @returns an answer for each
  virtual std::vector<github::limiter::answer> exchange(std::span<const github::limiter::report> reports) = 0;

  /// Forgets budgets that nobody has touched for a week, a bounded number. Throws store_error.
  virtual void sweep() = 0;
};

/// Connects, or throws store_error(reconnect).
using rate_store_factory = std::function<std::unique_ptr<rate_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<rate_store> open_rate_store(const std::string& url, const database_settings& settings,
                                            const github::limiter::limits& limits);

/// What the settings say of limits.
github::limiter::limits limits_of(const github_api_settings& x);

/// The shared row of a budget, for people.
struct rate_budget_record {
  github::limiter::shared_budget budget;
  timestamp updated_at{};
};

/// Up to `limit` budgets whose names come after `after`, by name, bytewise; as the rows have them. Blocks; throws what libpqxx
/// throws.
std::vector<rate_budget_record> list_rate_budgets(connection& db, const std::string& after, unsigned limit);

/// What is left of one primary limit of a budget.
struct rate_standing {
  std::string budget;
  github::resource of = github::resource::core;
  std::int64_t limit = 0, remaining = 0;
};

/// Up to `limit` windows that GitHub has told of and that are not over by the database's clock, the most spent first. Blocks;
/// throws what libpqxx throws.
std::vector<rate_standing> list_open_rate_windows(connection& db, unsigned limit);

} // namespace ingot::storage
