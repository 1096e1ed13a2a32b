#pragma once

#include "model/job.hpp"
#include "storage/pipeline.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

/// Tables `jobs` and `job_lanes`: what every transaction that touches jobs is made of. A lane is the row of a key that has
/// unfinished jobs; it names the one that runs or comes next. Times of jobs are the database's own, so that the clocks of nodes
/// need not agree.
namespace ingot::storage {

/// SQLSTATE of a transaction that was to apply the effect of a job whose lease is lost (raised by ingot_job_lost, migration
/// 0003).
inline constexpr const char* job_lost = "IN002";

/// What the functions below run.
std::span<const named_statement> job_statements();

/// Gives each lane of the keys $1 (text[]) whose head no longer runs its next job, or ends it. @pre the lanes are locked by an
/// earlier statement of the transaction
extern const char* const advance_job_lanes;

/// Ids of jobs.
using job_ids = std::vector<std::int64_t>;
using job_ids_reader = std::function<void(const job_ids&)>;

/// Queues the enqueueing of `jobs`, sorted by key; `read` gets the ids of the new ones, ascending: one whose dedupe key is
/// known is left out. Jobs of one key keep their order. Locks the lanes of the keys until the transaction ends: queue it late.
void enqueue_jobs(pipeline& db, std::span<const new_job> jobs, job_ids_reader read = {});

/// Queues a check, to stand before the effects of a job that is completed in the same transaction: the queue fails with job_lost
/// when the lease is no longer ours. Keeps everybody else from the job until the transaction ends.
void fence_job(pipeline& db, const job_lease& lease);

/// Queues the completion of jobs, each under its lease, and lets the next jobs of their keys come; `read_lost` gets the ids of
/// those whose lease was not ours any more: nothing of them is changed. Locks the lanes of the keys until the transaction ends:
/// queue it last.
void complete_jobs(pipeline& db, std::span<const job_completion> completions, job_ids_reader read_lost = {});

/// Queues the return of jobs that were not run to an end: they are pending again, and the attempt does not count.
void release_jobs(pipeline& db, std::span<const job_lease> leases);

/// How many jobs of a kind may be claimed.
struct job_quota {
  std::string kind;
  std::size_t jobs_max = 0;
};

/// Queues a claim of at most `jobs_max` due jobs of `kinds`, best priority first, one of a key: leased for `lease`. Jobs whose
/// lease ran out are among them; that attempt stands in their history.
void claim_jobs(pipeline& db, std::span<const job_quota> kinds, std::size_t jobs_max, std::chrono::milliseconds lease,
                std::function<void(std::vector<claimed_job>)> read);

/// Queues the renewal of leases. Those that are lost stay as they are, as do those that a transaction holds that is about to
/// complete them.
void renew_jobs(pipeline& db, std::span<const job_lease> leases, std::chrono::milliseconds lease);

} // namespace ingot::storage
