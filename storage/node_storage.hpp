#pragma once

#include "config/settings.hpp"
#include "model/audit.hpp"
#include "storage/batch_store.hpp"
#include "storage/cluster.hpp"
#include "storage/connection.hpp"
#include "storage/content_store.hpp"
#include "storage/crawl_store.hpp"
#include "storage/database_report.hpp"
#include "storage/event_store.hpp"
#include "storage/job_store.hpp"
#include "storage/rate_budgets.hpp"
#include "storage/rollup.hpp"
#include "storage/rollup_runs.hpp"
#include "storage/search_store.hpp"
#include "storage/site_store.hpp"
#include "storage/spool.hpp"
#include "storage/stripe_store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ingot::storage {

/// All that a node keeps: its database (embedded or by URL) and its spool. Methods may be called from different threads at once;
/// each call has a connection of its own. Those that run queries block, and throw store_error.
class node_storage {
public:
  explicit node_storage(settings config);

  /// Starts the embedded cluster if there is no URL, then looks for the database and makes it current.
  /// Throws std::runtime_error for what an operator must mend (no server, another version, a newer schema).
  /// Call it on the main thread: the cluster's life hangs on it.
  /// @returns false when the database is away: the node starts on its spool
  bool open();

  /// Starts a cluster anew that has fallen. Main thread.
  void look_after_cluster();

  std::unique_ptr<batch_store> open_store() const;
  std::unique_ptr<site_store> open_site_store() const;
  std::unique_ptr<job_store> open_job_store() const;
  std::unique_ptr<crawl_store> open_crawl_store() const;
  std::unique_ptr<search_store> open_search_store() const;
  std::unique_ptr<event_store> open_event_store() const;
  std::unique_ptr<stripe_store> open_stripe_store() const;
  std::unique_ptr<content_store> open_content_store() const;
  std::unique_ptr<rate_store> open_rate_store() const;
  std::unique_ptr<spool> open_spool() const;

  /// Throws what libpqxx throws.
  std::unique_ptr<connection> open_connection() const;

  /// Connects, migrates, makes partitions. Does not throw.
  database_report probe() const;

  /// Partitions, and a bounded round of retention. @returns whether there may be more to do at once
  bool maintain(timestamp now) const;

  void write_audit(const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at) const;

  /// Enqueues fetches of release histories (storage/release_fetches). @returns how many projects are in use
  std::size_t enqueue_release_fetches(const std::string& period) const;

  /// Enqueues the check for events that Stripe could not deliver.
  std::size_t enqueue_stripe_check(const std::string& period) const;

  /// Enqueues a look through GitHub's log of deliveries.
  std::size_t enqueue_delivery_check(const std::string& period) const;

  /// Enqueues checks of followed repositories that the fallback has to look after. @returns how many jobs
  std::size_t enqueue_content_checks() const;
  std::size_t enqueue_restless_manifests() const;

  /// Enqueues a sweep of contents; with `orphans` one that looks through the whole blob store.
  std::size_t enqueue_blob_sweep(const std::string& period, bool orphans) const;

  /// Rollups (storage/rollup_runs, storage/rollup). The first throws store_error for a period's, else all throw as said there.
  std::size_t start_scheduled_rollup(timestamp now, const std::string& period) const;
  rollup_start start_rollup(const rollup_order& order) const;
  rollup_counts run_rollup(const rollup_task& task, const job_lease& lease, const std::function<bool()>& stopping) const;
  rollup_counts preview_rollup(const rollup_task& task, const std::function<bool()>& stopping) const;

  /// Begins the nightly run of a time of the schedule. @param period that time @returns how many were begun
  std::size_t start_scheduled_night(timestamp now, const std::string& period) const;

  /// The version that this program's migrations end at.
  int schema_version() const;

private:
  settings config_;
  std::optional<embedded_cluster> cluster_;
  std::string url_;
};

} // namespace ingot::storage
