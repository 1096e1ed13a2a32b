#include "actors/rollup_job.hpp"

#include "storage/job_statements.hpp"
#include "storage/rollup.hpp"
#include "telemetry/log.hpp"

namespace ingot {

namespace {

/// What becomes of the attempt that ended with `e`; the run tells of it too.
job_outcome failed(const claimed_job& job, const node_context& context, const std::exception& e) {
  const auto why = storage::describe(e);
  if (storage::sqlstate(e) == storage::job_lost || dynamic_cast<const storage::rollup_stopped*>(&e) != nullptr)
    return job_failed_for_now{why}; // another attempt tells of itself
  const auto for_good = storage::classify(e) == storage::sql_remedy::refused;
  log::warn("rollup failed", {{"job", job.lease.id}, {"reason", why}});
  try {
    storage::note_rollup_failure(*context.open_connection(), job.lease, why, for_good);
  } catch (const std::exception& also) {
    log::warn("the failure of a rollup was not noted", {{"reason", storage::describe(also)}});
  }
  return for_good ? job_outcome{job_failed_for_good{why}} : job_outcome{job_failed_for_now{why}};
}

} // namespace

job_outcome roll_up(const claimed_job& job, const node_context& context) {
  try {
    const auto order = storage::begin_rollup_attempt(*context.open_connection(), job.lease);
    if (!order)
      return job_failed_for_good{"this job belongs to no rollup's run"};
    const auto counts = context.run_rollup(storage::rollup_task_of(*order, context.config, context.now()), job.lease);
    log::info("rolled up", {{"date", date_text(order->date)},
                            {"days", counts.days_counted},
                            {"events", counts.events_counted},
                            {"rows", counts.rule_rows_written + counts.author_rows_written}});
    return job_completed_already{};
  } catch (const std::exception& e) {
    return failed(job, context, e);
  }
}

} // namespace ingot
