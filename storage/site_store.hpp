#pragma once

#include "config/settings.hpp"
#include "model/drupal/sync_decision.hpp"
#include "model/job.hpp"
#include "storage/batch_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace ingot::storage {

using drupal::site_verdict;

/// One sync on its way through one commit.
struct site_sync {
  std::int64_t site_id = 0;
  std::int64_t key_id = 0; ///< 0: the admin token
  drupal::inventory said;
  std::string sync_id;      ///< a UUID
  std::string payload_hash; ///< SHA-256 of the body, 32 bytes
  timestamp received_at{};
  std::chrono::steady_clock::time_point started; ///< for the duration
  std::optional<new_job> as_job;                 ///< store it as this job instead of applying it
  std::optional<job_lease> of_job;               ///< the job that it is, completed in the same transaction

  /// What the SITE knows; on return from a commit, what is stored.
  drupal::site_knowledge known;

  // What the commit found.
  site_verdict verdict = site_verdict::taken;
  drupal::sync_result result;
  std::int64_t job_id = 0;            ///< of as_job
  bool notifies = false;              ///< the site's webhook is told, by a job
  std::size_t rate_used = 0;          ///< syncs of the last hour that count, this one included when it was taken
  std::chrono::seconds rate_reset{0}; ///< until one more may come when they are used up, else until the oldest is forgotten
};

/// Where syncs are committed. One thread at a time.
class site_store {
public:
  virtual ~site_store() = default;

  /// Judges and applies all syncs, each of another site, in one transaction. On return it is COMMITted: every sync has its
  /// verdict, and those that were taken their result and knowledge. Throws store_error: nothing is applied (or nobody knows, with
  /// sql_remedy::reconnect), and no sync has knowledge.
  virtual void commit(std::span<site_sync* const> syncs) = 0;

  /// Would the database take these modules of the sync? Does all that commit() does, and rolls it back. @returns why not, or
  /// empty. Throws store_error when nobody can be asked.
  virtual std::string refusal_of(const site_sync& x, std::span<const drupal::reported_module> modules) = 0;

  /// Notes that a sync failed, and why, without counting it.
  virtual void keep_failed(const site_sync& x, const std::string& reason) = 0;
};

/// Connects, or throws store_error(reconnect).
using site_store_factory = std::function<std::unique_ptr<site_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<site_store> open_site_store(const std::string& url, const database_settings& settings,
                                            const site_settings& sites);

/// The key of the jobs that are syncs of a site, one after the other: `site/7`.
std::string sync_job_key(std::int64_t site_id);

} // namespace ingot::storage
