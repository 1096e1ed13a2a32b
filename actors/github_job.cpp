#include "actors/github_job.hpp"

#include "actors/blocking_job.hpp"
#include "storage/connection.hpp"

#include <algorithm>

namespace ingot {

namespace {

/// Where GitHub named no time.
constexpr auto pause_default = std::chrono::milliseconds{60'000};

} // namespace

job_outcome outcome_of(const contents::provider_error& e, const node_context& context) {
  using contents::trouble;
  switch (e.kind()) {
  case trouble::rate_limited: {
    const auto pause = e.retry_at() ? std::chrono::ceil<std::chrono::milliseconds>(*e.retry_at() - context.now()) : pause_default;
    return job_put_off{std::max(pause, std::chrono::milliseconds{0}), e.what()};
  }
  case trouble::gone:
  case trouble::forbidden:
  case trouble::permanent:
    return job_failed_for_good{e.what()};
  case trouble::transient:
    break;
  }
  if (context.draining)
    return job_put_off{std::chrono::milliseconds{0}, "the node stops"};
  return job_failed_for_now{e.what()};
}

job_outcome attempt_github_work(github_work work, const claimed_job& job, const node_context& context) {
  try {
    return work(job, context);
  } catch (const contents::provider_error& e) {
    return outcome_of(e, context);
  } catch (const std::exception& e) {
    if (storage::classify(e) == storage::sql_remedy::refused)
      return job_failed_for_good{storage::describe(e)};
    return job_failed_for_now{storage::describe(e)};
  }
}

job_handler github_jobs(caf::actor_system& system, const node_context& context, github_work work) {
  return blocking_jobs(system, context,
                       [work](const claimed_job& job, const node_context& of) { return attempt_github_work(work, job, of); });
}

} // namespace ingot
