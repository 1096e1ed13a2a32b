#include "actors/blocking_job.hpp"

#include "storage/connection.hpp"

namespace ingot {

namespace {

job_outcome attempt(const blocking_work& work, const claimed_job& job, const node_context& context) {
  try {
    return work(job, context);
  } catch (const std::exception& e) {
    return job_failed_for_now{storage::describe(e)};
  }
}

} // namespace

job_handler blocking_jobs(caf::actor_system& system, const node_context& context, blocking_work work) {
  return [&system, &context, work = std::move(work)](job_ptr job) {
    system.spawn<caf::detached>(
        [&context, work, job = std::move(job)](caf::event_based_actor*) { (*job->answer)(attempt(work, job->job, context)); });
  };
}

} // namespace ingot
