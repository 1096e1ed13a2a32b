#pragma once

#include "config/settings.hpp"
#include "model/rollup/order.hpp"
#include "model/rollup/run.hpp"
#include "storage/rollup.hpp"
#include "tests/support/postgres.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ingot::testing {

struct rollup_event {
  timestamp ts;
  int viewer = 0;
  std::string rule, type;
};

/// Counts of a rule, or of an author over all rules.
struct plain_counts {
  std::int64_t views = 0, copies = 0, saves = 0, forks = 0, votes = 0, events = 0;

  void add(const plain_counts& x) {
    views += x.views, copies += x.copies, saves += x.saves, forks += x.forks, votes += x.votes, events += x.events;
  }
  double points(double fork_weight) const {
    return 0.4 * static_cast<double>(views) + 0.3 * static_cast<double>(copies) + 0.2 * static_cast<double>(saves) +
           0.1 * static_cast<double>(votes) + fork_weight * static_cast<double>(forks);
  }
};

using counts_by_id = std::map<std::string, plain_counts>;

/// The metrics of one date as a plain loop over all events finds them, slowly.
struct plain_metrics {
  struct row {
    plain_counts counts;
    double score = 0;
  };
  std::map<std::string, row> rules, authors; ///< by id

  /// The best of a period, by points, then by id: DAILY, WEEKLY, MONTHLY, ALL.
  std::map<std::string, std::vector<std::pair<std::string, double>>> rule_boards, author_boards;
};

plain_metrics plain_rollup(const std::vector<rollup_event>& events, const std::map<std::string, std::string>& author_of,
                           std::chrono::sys_days date, unsigned days, const rollup_settings& settings);

/// A database with events, and rollups over them.
class rollup_database {
public:
  rollup_database();

  /// Stores them and marks their days, as the intake does.
  void add(const std::vector<rollup_event>& events);
  void author(const std::string& rule, const std::string& author);

  /// A donation as Stripe's events leave it. @param to empty: to nobody who is known
  void donate(const std::string& to, const std::string& currency, int amount, int refunded, const std::string& status,
              const std::string& paid_at);

  /// A whole rollup under a job of its own.
  rollup_counts roll(rollup_order order);
  rollup_counts preview(rollup_order order) const;
  /// The lease of a rollup that was begun.
  job_lease begin(const rollup_order& order);
  storage::rollup_task task(const rollup_order& order) const { return storage::rollup_task_of(order, config, now); }

  /// What is stored is what the plain loop finds for `date`.
  void check(std::chrono::sys_days date, unsigned days = 7) const;

  database db;
  ::ingot::settings config;
  timestamp now = *parse_rfc3339("2024-05-20T12:00:00Z");
  std::vector<rollup_event> events;
  std::map<std::string, std::string> authors;
};

std::chrono::sys_days day(const char* text);
timestamp at(const char* text);

} // namespace ingot::testing
