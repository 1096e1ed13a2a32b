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

/// The statement that enqueues the jobs which `source` selects: kind, key, dedupe_key, payload, priority, body, number, with
/// `number` giving their order. It tells `number` and id of those that are new, and locks the lanes of their keys.
std::string enqueue_statement(std::string_view source);

/// Ids of jobs.
using job_ids = std::vector<std::int64_t>;
using job_ids_reader = std::function<void(const job_ids&)>;

/// Queues the enqueueing of `jobs`, sorted by key; `read` gets their ids, each at its job's place in `jobs`: that of the job that
/// is there already when a dedupe key is known. Jobs of one key keep their order. Locks the lanes of the keys until the
/// transaction ends: queue it late.
void enqueue_jobs(pipeline& db, std::span<const new_job> jobs, job_ids_reader read = {});

/// Enqueues one job in a transaction of libpqxx; what is said above holds. @returns its id
std::int64_t enqueue_job(pqxx::transaction_base& tx, const new_job& job);

/// The check of fence_job() in a transaction of libpqxx: throws (job_lost) when the lease is no longer ours.
void fence_job(pqxx::transaction_base& tx, const job_lease& lease);

/// The same where there is a job; null: nothing is checked.
void fence_job(pqxx::transaction_base& tx, const job_lease* lease);

/// Queues a check, to stand before the effects of a job that is completed in the same transaction: the queue fails with job_lost
/// when the lease is no longer ours. Keeps everybody else from the job until the transaction ends.
void fence_job(pipeline& db, const job_lease& lease);

/// Queues the completion of jobs, each under its lease, and lets the next jobs of their keys come. Nothing is changed of those
/// whose lease is not ours any more. Locks the lanes of the keys until the transaction ends, waiting for whoever has them: queue
/// it last.
void complete_jobs(pipeline& db, std::span<const job_completion> completions);

/// What a completion left as it was, as ids.
struct jobs_left {
  job_ids lost;    ///< whose lease was not ours any more
  job_ids held_up; ///< still ours: another transaction holds the lane, or the job; complete them later
};
using jobs_left_reader = std::function<void(const jobs_left&)>;

/// The same, of those only that can be completed without waiting for another transaction; `read` gets the rest.
void complete_free_jobs(pipeline& db, std::span<const job_completion> completions, jobs_left_reader read);

/// Queues the return of jobs that were not run to an end: they are pending again, and the attempt does not count. Those whose
/// lanes another transaction holds are left to their leases.
void release_jobs(pipeline& db, std::span<const job_lease> leases);

/// How many jobs of a kind may be claimed.
struct job_quota {
  std::string kind;
  std::size_t jobs_max = 0;
};

/// Queues a claim of at most `jobs_max` due jobs of `kinds`, best priority first, one of a key: leased for `lease`. Jobs whose
/// lease ran out come first; that attempt stands in their history.
void claim_jobs(pipeline& db, std::span<const job_quota> kinds, std::size_t jobs_max, std::chrono::milliseconds lease,
                std::function<void(std::vector<claimed_job>)> read);

/// Queues the renewal of leases. Those that are lost stay as they are, as do those that a transaction holds that is about to
/// complete them.
void renew_jobs(pipeline& db, std::span<const job_lease> leases, std::chrono::milliseconds lease);

} // namespace ingot::storage
