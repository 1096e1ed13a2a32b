#pragma once

#include "config/settings.hpp"
#include "model/job.hpp"
#include "model/rollup/order.hpp"
#include "model/rollup/run.hpp"

#include <functional>
#include <stdexcept>
#include <string>

/// Turns events and donations into rule_metric_daily, author_metric_daily, rule_metric_totals and leaderboard_snapshots. All of
/// it blocks, on a connection of its own whose statements may take settings.rollup.step_timeout, and throws statement_error.
namespace ingot::storage {

/// What a rollup goes by.
struct rollup_task {
  rollup_order order;
  rollup_settings settings;
  std::chrono::sys_days events_kept_from; ///< days before it have lost events to retention: they are not counted any more
  bool notify = false;                    ///< is the application told of rules that enter a leaderboard?
  timestamp now;                          ///< of what it is told
};

/// What `order` means under `config` now.
rollup_task rollup_task_of(const rollup_order& order, const ::ingot::settings& config, timestamp now);

/// The node stops: the rollup was given up between two steps and left nothing but marks that the next one reads.
struct rollup_stopped : std::runtime_error {
  rollup_stopped() : std::runtime_error{"the node stops"} {}
};

/// Does the rollup whose job is leased under `lease`, writes its run's progress as it goes, and completes the job. Days are
/// counted one after the other into temporary tables; what differs from the stored rows is then written in one transaction behind
/// the job's fence, and the days are released in a last one, so that events never wait for the work. Killed at any point, the
/// next one ends right; done twice, the second writes nothing.
/// @param stopping asked between steps; true: throws rollup_stopped
rollup_counts run_rollup(const std::string& url, const database_settings& database, const rollup_task& task,
                         const job_lease& lease, const std::function<bool()>& stopping);

/// What run_rollup() would answer now. Nothing is written but temporary tables, and nobody waits for it.
rollup_counts preview_rollup(const std::string& url, const database_settings& database, const rollup_task& task,
                             const std::function<bool()>& stopping);

} // namespace ingot::storage
