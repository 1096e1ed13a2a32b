#pragma once

#include "actors/protocol.hpp"
#include "config/settings.hpp"
#include "model/github/installer.hpp"
#include "storage/batch_store.hpp"
#include "storage/connection.hpp"
#include "storage/content_store.hpp"
#include "storage/job_store.hpp"
#include "storage/rate_budgets.hpp"
#include "storage/rollup.hpp"
#include "storage/rollup_runs.hpp"
#include "storage/search_store.hpp"
#include "storage/spool.hpp"
#include "telemetry/metrics.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ingot::github {
class permits;
class client;
class tokens;
} // namespace ingot::github

namespace ingot::contents {
class provider;
class blob_store;
} // namespace ingot::contents

namespace ingot::mcp {
class manifest_validator;
} // namespace ingot::mcp

namespace ingot {

/// Whether the database takes commits. The numbers are the metric's.
enum class database_state : std::uint8_t {
  away = 0,     ///< acknowledgements come from the spool
  direct = 1,   ///< acknowledgements come from the database
  draining = 2, ///< the database is back; the spool goes first
};

/// The handles of the running actors. A restart publishes a new set; whoever sends takes the current one.
struct actor_handles {
  repositories_actor repositories;
  sites_actor sites;
  std::vector<site_parser_actor> site_parsers;
  std::vector<writer_actor> writers;
  crawl_writer_actor crawl_writer;
  event_writer_actor event_writer;
  stripe_writer_actor stripe_writer;
  spool_actor spool;
  std::vector<reader_actor> readers;
  auditor_actor auditor;
  metrics_actor metrics;
  jobs_actor jobs;
  rate_limiter_actor rate_limiter;
  scheduler_actor scheduler; ///< none without schedules
};

/// What a calendar says now.
struct calendar_look {
  std::string due;         ///< the period that begins, or began last; empty: none yet
  milliseconds next_in{0}; ///< until it is worth another look
};

/// Jobs that one of all nodes enqueues whenever another interval begins, or by a calendar.
struct schedule {
  std::string name;
  milliseconds interval{0}; ///< more than 0, unless it goes by a calendar
  /// Enqueues the jobs of a period, once for each `period`, and says how many there are. Blocks; throws store_error.
  std::function<std::size_t(const std::string& period)> enqueue;
  std::function<calendar_look(timestamp now)> calendar = {}; ///< goes before the interval; empty: by the interval
};

/// What every actor is given: settings, the counters, the roads to the outside. Outlives the actor system.
struct node_context {
  settings config;
  telemetry::metrics& counters;

  /// The clock (law 11: nobody below asks for the time itself).
  std::function<timestamp()> now;

  /// Chance, from 0 to 1: what pauses are jittered with. Thread-safe.
  std::function<double()> chance;

  storage::batch_store_factory open_store;
  storage::site_store_factory open_site_store;
  storage::job_store_factory open_job_store;
  storage::crawl_store_factory open_crawl_store;
  storage::search_store_factory open_search_store;
  storage::event_store_factory open_event_store;
  storage::stripe_store_factory open_stripe_store;
  storage::rate_store_factory open_rate_store;

  storage::content_store_factory open_content_store;

  /// What application events may be.
  events::rules event_rules;

  /// The kinds of jobs that this node runs. Complete before the NODE starts.
  std::map<std::string, job_handler, std::less<>> job_handlers;
  std::function<std::unique_ptr<storage::spool>()> open_spool;

  /// Looks for the database; makes it current when it is behind. Blocks: for READERs only.
  std::function<database_report()> probe;

  /// A connection for a READER's queries. Blocks; throws what libpqxx throws.
  std::function<std::unique_ptr<storage::connection>()> open_connection;

  /// Makes the partitions of the coming days and applies a bounded round of retention; true: there may be more to do at once.
  /// Blocks; throws store_error.
  std::function<bool(timestamp)> maintain;

  /// Begins a rollup, does one whose job is leased, or says what one would come to. They block, and throw what libpqxx throws or
  /// statement_error.
  std::function<storage::rollup_start(const rollup_order&)> start_rollup;
  std::function<rollup_counts(const storage::rollup_task&, const job_lease&)> run_rollup;
  std::function<rollup_counts(const rollup_order&)> preview_rollup;

  /// Jobs that are enqueued by the clock. Complete before the NODE starts.
  std::vector<schedule> schedules;

  /// Writes audit lines with their counts. Blocks; throws store_error.
  std::function<void(const std::vector<std::pair<audit_line, std::uint64_t>>&, timestamp)> write_audit;

  /// GitHub, as jobs reach it: each request by a permit of the RATE LIMITER. Complete before the NODE starts.
  std::shared_ptr<github::permits> permits;
  std::shared_ptr<github::client> github;
  std::shared_ptr<github::tokens> tokens;

  /// The installation of our App (net/github/installer). They block, and throw contents::provider_error.
  std::function<std::string()> app_slug;
  std::function<github::verified_installation(std::int64_t installation_id, const std::string& code)> verify_installer;

  /// Providers of repositories by name, and where contents lie. Complete before the NODE starts.
  std::map<std::string, std::shared_ptr<contents::provider>, std::less<>> providers;
  std::shared_ptr<contents::blob_store> blobs;

  /// Judges manifests of MCP servers by the settings' versions of the schema. Complete before the NODE starts.
  std::shared_ptr<const mcp::manifest_validator> manifests;

  std::atomic<database_state> database{database_state::direct};
  std::atomic<std::uint64_t> spool_depth{0};
  std::atomic<std::uint64_t> spool_bytes{0};
  std::atomic<std::size_t> sync_bytes{0};     ///< unpacked bodies of syncs that are parsed or wait
  std::atomic<std::size_t> crawl_waiting{0};  ///< requests of crawl partners
  std::atomic<std::size_t> groups_waiting{0}; ///< sent to the WRITERs and not given back: in a mailbox, a batch or a COMMIT
  std::atomic<bool> draining{false};          ///< the node stops: what takes long gives up, who waits for it is answered
  std::atomic<std::shared_ptr<const actor_handles>> handles;
};
using context_ptr = std::shared_ptr<node_context>;

} // namespace ingot
