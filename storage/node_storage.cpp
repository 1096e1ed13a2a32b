#include "storage/node_storage.hpp"
#include "storage/nightly_runs.hpp"

#include "storage/audit_log.hpp"
#include "storage/content_sweep.hpp"
#include "storage/deliveries.hpp"
#include "storage/delivery_receipt.hpp"
#include "storage/event_partitions.hpp"
#include "storage/job_queries.hpp"
#include "storage/manifest_checks.hpp"
#include "storage/migrations.hpp"
#include "storage/optional_features.hpp"
#include "storage/release_fetches.hpp"
#include "storage/submissions.hpp"
#include "storage/syncs.hpp"
#include "telemetry/log.hpp"

#include <csignal>

#include <sys/wait.h>

namespace ingot::storage {

namespace {

/// Jobs of the fallback that one round enqueues at most: with 50 repositories each and a round a minute, 60,000 an hour.
constexpr std::size_t content_check_batches = 20;

/// A week, so that a node that cannot reach its database for days finds partitions when it is back.
constexpr auto partition_days_ahead = 7;

timestamp system_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Turns what libpqxx throws into store_error.
template <class Function>
auto guarded(Function run) {
  try {
    return run();
  } catch (const store_error&) {
    throw;
  } catch (const std::exception& e) {
    throw store_error{classify(e), describe(e)};
  }
}

void make_current(connection& db, timestamp now) {
  if (migrate(db) > 0)
    tune_tables(db);
  make_delivery_partitions(db, now, partition_days_ahead);
  make_event_partitions(db, now, 1, partition_days_ahead);
}

} // namespace

node_storage::node_storage(settings config) : config_{std::move(config)}, url_{config_.database.url} {}

bool node_storage::open() {
  if (config_.database.url.empty()) {
    cluster_.emplace(config_.data_dir);
    url_ = cluster_->url();
  }
  try {
    auto db = connection{url_, config_.database};
    make_current(db, system_now());
    return true;
  } catch (const std::exception& e) {
    // Rights or tables that are missing now are a mistake to be mended before anything is acknowledged.
    if (cluster_ || classify(e) != sql_remedy::reconnect || sqlstate(e).starts_with("42"))
      throw;
    log::warn("database is away; starting on the spool", {{"reason", describe(e)}});
    return false;
  }
}

void node_storage::look_after_cluster() {
  if (!config_.database.url.empty())
    return;
  // A child that ended is a zombie until it is waited for, and kill(pid, 0) finds it alive. WNOWAIT: its owner reaps it.
  auto end = siginfo_t{};
  if (cluster_ && ::waitid(P_PID, static_cast<id_t>(cluster_->pid()), &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == 0)
    return;
  log::error("embedded database fell; starting it anew");
  try {
    cluster_.reset();
    cluster_.emplace(config_.data_dir);
  } catch (const std::exception& e) {
    log::error("embedded database does not start", {{"reason", std::string_view{e.what()}}});
  }
}

std::unique_ptr<batch_store> node_storage::open_store() const {
  return open_batch_store(url_, config_.database);
}

std::unique_ptr<site_store> node_storage::open_site_store() const {
  return storage::open_site_store(url_, config_.database, config_.sites);
}

std::unique_ptr<job_store> node_storage::open_job_store() const {
  return storage::open_job_store(url_, config_.database);
}

std::unique_ptr<rate_store> node_storage::open_rate_store() const {
  return storage::open_rate_store(url_, config_.database, limits_of(config_.github_api));
}

std::unique_ptr<crawl_store> node_storage::open_crawl_store() const {
  return storage::open_crawl_store(url_, config_.database);
}

std::unique_ptr<search_store> node_storage::open_search_store() const {
  return storage::open_search_store(url_, config_.database);
}

std::unique_ptr<event_store> node_storage::open_event_store() const {
  return storage::open_event_store(url_, config_.database, config_.events);
}

std::unique_ptr<stripe_store> node_storage::open_stripe_store() const {
  return storage::open_stripe_store(url_, config_.database, !config_.application.notify_url.empty());
}

std::unique_ptr<content_store> node_storage::open_content_store() const {
  return storage::open_content_store(url_, config_.database);
}

std::unique_ptr<spool> node_storage::open_spool() const {
  return std::make_unique<spool>(config_.data_dir, config_.spool);
}

std::unique_ptr<connection> node_storage::open_connection() const {
  return std::make_unique<connection>(url_, config_.database);
}

database_report node_storage::probe() const {
  auto report = database_report{};
  try {
    auto db = connection{url_, config_.database};
    make_current(db, system_now());
    report.schema_version = migrated_to(db);
    report.reachable = true;
  } catch (const std::exception& e) {
    report.problem = describe(e);
  }
  return report;
}

bool node_storage::maintain(timestamp now) const {
  return guarded([&] {
    auto db = connection{url_, config_.database};
    make_delivery_partitions(db, now, partition_days_ahead);
    make_event_partitions(db, now, static_cast<int>(config_.events.age_days_max) + 1, partition_days_ahead);
    const auto deliveries = apply_delivery_retention(db, now, config_.retention);
    const auto syncs = apply_sync_retention(db, now, config_.retention);
    const auto events = apply_event_retention(db, now, config_.retention, config_.events);
    const auto submissions = forget_unconfirmed_submissions(db, now);
    return deliveries + syncs + events + submissions + forget_jobs(db, now, config_.retention) > 0;
  });
}

void node_storage::write_audit(const std::vector<std::pair<audit_line, std::uint64_t>>& lines, timestamp at) const {
  guarded([&] {
    auto db = connection{url_, config_.database};
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    append_audit_lines(tx, lines, at);
    tx.commit();
  });
}

std::size_t node_storage::enqueue_release_fetches(const std::string& period) const {
  return guarded([&] { return storage::enqueue_release_fetches(url_, config_.database, period); });
}

std::size_t node_storage::enqueue_delivery_check(const std::string& period) const {
  return guarded([&] { return storage::enqueue_delivery_check(url_, config_.database, period); });
}

std::size_t node_storage::enqueue_stripe_check(const std::string& period) const {
  return guarded([&] { return storage::enqueue_stripe_check(url_, config_.database, period); });
}

std::size_t node_storage::enqueue_content_checks() const {
  const auto& x = config_.contents;
  return guarded([&] {
    return storage::enqueue_content_checks(url_, config_.database, content_check_batches, x.fallback_batch, x.fallback_interval);
  });
}

std::size_t node_storage::enqueue_restless_manifests() const {
  return guarded([&] {
    auto db = connection{url_, config_.database};
    return storage::enqueue_restless_manifests(db);
  });
}

std::size_t node_storage::enqueue_blob_sweep(const std::string& period, bool orphans) const {
  return guarded([&] { return storage::enqueue_blob_sweep(url_, config_.database, period, orphans); });
}

std::size_t node_storage::start_scheduled_rollup(timestamp now, const std::string& period) const {
  const auto order = rollup_order{std::chrono::floor<std::chrono::days>(now), config_.rollup.days};
  return guarded([&] { return std::size_t{storage::start_rollup(url_, config_.database, order, period).begun}; });
}

rollup_start node_storage::start_rollup(const rollup_order& order) const {
  return storage::start_rollup(url_, config_.database, order);
}

rollup_counts node_storage::run_rollup(const rollup_task& task, const job_lease& lease,
                                       const std::function<bool()>& stopping) const {
  return storage::run_rollup(url_, config_.database, task, lease, stopping);
}

rollup_counts node_storage::preview_rollup(const rollup_task& task, const std::function<bool()>& stopping) const {
  return storage::preview_rollup(url_, config_.database, task, stopping);
}

std::size_t node_storage::start_scheduled_night(timestamp now, const std::string& period) const {
  return guarded([&] {
    auto db = connection{url_, config_.database};
    return storage::start_scheduled_night(db, config_.nightly, parse_rfc3339(period).value(), now);
  });
}

int node_storage::schema_version() const {
  return all_migrations().empty() ? 0 : all_migrations().back().version;
}

} // namespace ingot::storage
