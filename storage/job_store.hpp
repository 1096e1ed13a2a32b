#pragma once

#include "model/job.hpp"
#include "storage/batch_store.hpp"
#include "storage/job_statements.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ingot::storage {

/// What one turn of the JOBS engine found.
struct job_turn {
  std::vector<claimed_job> claimed;
  jobs_left left; ///< of the completions: nothing of these was written
};

/// Where the JOBS engine gets its work. One thread at a time; every call may throw store_error, and then nothing happened, or
/// nobody knows (sql_remedy::reconnect): calling it again is safe, since a job that was completed is not ours any more.
class job_store {
public:
  virtual ~job_store() = default;

  /// One transaction, one exchange, that waits for no other transaction: completes jobs, then claims up to `jobs_max` of `kinds`
  /// for `lease`.
  virtual job_turn turn(std::span<const job_completion> completions, std::span<const job_quota> kinds, std::size_t jobs_max,
                        std::chrono::milliseconds lease) = 0;

  /// Makes leases that are still ours last `lease` from now on.
  virtual void renew(std::span<const job_lease> leases, std::chrono::milliseconds lease) = 0;

  /// Gives jobs back that were not run to an end; the attempt does not count.
  virtual void release(std::span<const job_lease> leases) = 0;
};

/// Connects, or throws store_error(reconnect).
using job_store_factory = std::function<std::unique_ptr<job_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<job_store> open_job_store(const std::string& url, const database_settings& settings);

} // namespace ingot::storage
