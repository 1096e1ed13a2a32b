#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// What a rollup came to, or would.
struct rollup_counts {
  std::int64_t days_counted = 0;                                 ///< whose events were read
  std::int64_t events_counted = 0;                               ///< of them, before any cap
  std::int64_t days_scored = 0;                                  ///< whose scores were computed
  std::int64_t rule_rows_written = 0, rule_rows_removed = 0;     ///< of rule_metric_daily
  std::int64_t author_rows_written = 0, author_rows_removed = 0; ///< of author_metric_daily
  std::int64_t leaderboards_written = 0;
};

/// `{"days_counted", …}`
std::string counts_json(const rollup_counts& x);

/// A rollup as its callers see it. Times are the database's.
struct rollup_run {
  std::int64_t id = 0;
  std::int64_t job_id = 0;
  std::string date; ///< `2024-05-01`
  int days = 0;     ///< window of the score
  bool force = false;
  std::string state; ///< pending, running, succeeded, failed
  std::string step;  ///< what it does now
  int steps_done = 0, steps_total = 0;
  std::string counts; ///< JSON, of one that succeeded
  std::string error;  ///< of the last attempt that failed
  std::optional<timestamp> created_at, started_at, progress_at, finished_at;

  bool over() const { return state == "succeeded" || state == "failed"; }
};

std::string run_json(const rollup_run& x);
/// `{"runs": […]}`
std::string runs_json(const std::vector<rollup_run>& x);

} // namespace ingot
