#pragma once

#include "model/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// A durable job to be enqueued in the transaction that makes it necessary.
struct new_job {
  std::string kind;
  std::string key;        ///< jobs of one key run one after the other, in the order of their ids
  std::string dedupe_key; ///< enqueued once; empty: always
  std::string payload;    ///< JSON object
  int priority = 0;       ///< 0 to job_priority_max; lower runs first
  std::string body;       ///< what is too large for the payload, as the kind defines it; empty: none
};

/// Larger priorities are enqueued as this one.
inline constexpr int job_priority_max = 3;

/// The right to run one job until its lease runs out. Whoever takes the job over gets another token, and this one is refused.
struct job_lease {
  std::int64_t id = 0;
  std::string token; ///< UUID
  std::string key;
  std::string kind = {}; ///< of the job, for who looks on
};

/// A job that this node may run.
struct claimed_job {
  job_lease lease;
  std::string kind;
  std::string payload; ///< JSON object
  std::string body;
  int attempt = 1; ///< counts from 1, this one included
};

/// Done. `result` is shown to whoever asks for the job.
struct job_succeeded {
  std::string result = "{}"; ///< JSON
};

/// Worth another attempt, after a pause.
struct job_failed_for_now {
  std::string error;
};

/// Will fail however often it is tried.
struct job_failed_for_good {
  std::string error;
};

/// Cannot be done before `delay` is over, through no fault of its own: the attempt does not count.
struct job_put_off {
  std::chrono::milliseconds delay{0};
  std::string reason; ///< is kept as the job's result
};

/// Was completed by a transaction of its handler's own.
struct job_completed_already {
  bool succeeded = true; ///< for the metrics
};

/// How one attempt ended.
using job_outcome = std::variant<job_succeeded, job_failed_for_now, job_failed_for_good, job_put_off, job_completed_already>;

enum class job_state : std::uint8_t {
  pending,
  running,
  succeeded,
  failed, ///< refused for good
  dead,   ///< attempts used up, or buried by an operator
};

std::string_view to_string(job_state x) noexcept;

/// How a kind of job is run.
struct job_policy {
  unsigned running_max = 256; ///< by one node at a time
  unsigned attempts_max = 8;
  std::chrono::milliseconds backoff_base{1'000};
  std::chrono::milliseconds backoff_cap{600'000};
};

/// The end of one attempt as it is written: see judge().
struct job_completion {
  job_lease lease;
  job_state becomes = job_state::succeeded; ///< never running
  std::string result;                       ///< JSON, of one that succeeded or is put off
  std::string error;                        ///< why it did not; empty and pending: it is put off, and the attempt does not count
  std::chrono::milliseconds delay{0};       ///< of one that is pending again: before it is due
};

/// The pause before the attempt after `attempt` (counts from 1): base, doubled each time up to the cap, of which `chance` (0 to
/// 1) takes away up to a half, so that what failed together does not come back together.
std::chrono::milliseconds backoff_of(const job_policy& policy, int attempt, double chance) noexcept;

/// What becomes of `job` after an attempt that ended in this way. Errors are cut to job_error_bytes_max, bad UTF-8 replaced.
/// @pre `outcome` is not job_completed_already
job_completion judge(const claimed_job& job, const job_outcome& outcome, const job_policy& policy, double chance);

inline constexpr std::size_t job_error_bytes_max = 2'000;

/// The name of an outcome in the metrics: `succeeded`, `transient`, `permanent`, `put_off`.
std::string_view result_label(const job_outcome& x) noexcept;

} // namespace ingot
