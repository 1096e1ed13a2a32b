#pragma once

#include "model/delivery.hpp"
#include "model/fault.hpp"
#include "telemetry/metric.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ingot::telemetry {

/// What the console's overview shows, as it is now.
struct live_counts {
  std::vector<labelled_value> deliveries;                 ///< event, outcome
  std::vector<labelled_value> intake_items;               ///< intake, outcome
  std::vector<labelled_value> site_syncs;                 ///< outcome
  std::vector<labelled_value> jobs;                       ///< state
  std::vector<labelled_value> rate_limit, rate_remaining; ///< budget, resource
  double job_oldest_due_seconds = 0;
  std::vector<std::pair<double, std::uint64_t>> ack_seconds_upto; ///< bounds of the buckets, and how many are not above each
};

/// Every metric of the node, in one place; names and help texts stand in metrics.cpp. One object a process, made in main.cpp.
/// Thread-safe.
class metrics {
public:
  explicit metrics(std::string_view version);
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

private:
  // Before the families: they live in it.
  std::shared_ptr<prometheus::Registry> registry_;

public:
  counters http_requests;          ///< {route, status, code}; see count_request()
  counters http_refusals;          ///< {reason}: framing, caps, deadlines
  counters verify_failures;        ///< {source, reason}
  counters deliveries;             ///< {event, outcome}; see count_delivery()
  counters site_syncs;             ///< {outcome}
  counters intake_items;           ///< {intake, outcome}: events, stripe, crawl
  counter audit_lines_dropped;     ///< the AUDITOR could not keep up
  gauge audit_unsealed;            ///< lines of the audit log that wait for their seal, counted up to a bound
  gauge audit_unsealed_seconds;    ///< how long the oldest of them has waited; 0: none waits
  counter database_failures;       ///< times that the database went away
  counter batches_bisected;        ///< batches that the database refused
  histogram batch_groups;          ///< repository groups in one transaction
  histogram batch_deliveries;      ///< deliveries in one transaction
  histogram commit_seconds;        ///< BEGIN to the end of COMMIT
  histogram intake_commit_seconds; ///< the same of events, Stripe and crawl items
  histogram sync_commit_seconds;   ///< the same of site syncs
  histogram spool_commit_seconds;  ///< the same in the spool, with its fsync
  counter spooled_total;           ///< deliveries acknowledged from the spool
  histogram ack_seconds;           ///< end of the head to the last byte of a 2xx for a delivery
  gauge connections;
  gauge requests_in_flight;
  gauge bytes_in_flight;
  gauges queue_depth;     ///< {queue}: what was sent to an actor and has not come back, e.g. `writer`: groups
  gauge spool_deliveries; ///< that wait for the database
  gauge spool_bytes;
  gauge spool_bytes_max;             ///< the setting
  gauge disk_free;                   ///< bytes of the data folder's file system
  gauge certificate_end;             ///< seconds since 1970; 0: no TLS
  gauges actors;                     ///< {kind}: live ones, e.g. `repository`
  gauge database;                    ///< 0 away, 1 direct, 2 draining
  gauges jobs;                       ///< {state}: pending, running, failed, dead
  gauge job_oldest_due;              ///< age in seconds of the job that has been due longest
  counters job_attempts;             ///< {kind, result}: succeeded, transient, permanent
  gauge deliveries_complete_through; ///< seconds since 1970: every delivery of GitHub's before it is here, or lost
  gauge deliveries_listed_through;   ///< seconds since 1970: GitHub's log was looked through to it
  gauge deliveries_missing;          ///< that did not arrive and may still come
  counter deliveries_redelivered;    ///< asked for again
  counter deliveries_lost;           ///< given up
  counter job_completions_fenced;    ///< completions of jobs whose lease another node had by then
  counters permits;                  ///< {urgency, result}: granted, refused; of GitHub's API
  gauges permits_waiting;            ///< {urgency}
  histogram permit_wait_seconds;     ///< from asking to the grant
  gauges rate_limit;                 ///< {budget, resource}: requests of the window; set by replace()
  gauges rate_remaining;             ///< likewise: that nobody has spent, as far as nodes know
  gauges rate_used;                  ///< likewise
  counters nightly_repositories;     ///< {outcome}: unchanged, changed, failed
  counters nightly_alerts;           ///< {rule}: failed_share, missed, too_long
  gauge nightly_finished;            ///< seconds since 1970: the last run that this node ended
  gauge nightly_seconds;             ///< that it took

  /// One answer. `route` is the route's pattern, never the request's path. The code of `why` stands on a 503 alone, which an
  /// alert looks at: whether the node cannot serve, or is not meant to (not_configured), as any stranger can make it say.
  void count_request(std::string_view route, unsigned status, fault why = fault::none);

  /// Event names that GitHub does not document count as `other`, so that a sender cannot make series.
  void count_delivery(std::string_view event, delivery_outcome outcome, double amount = 1);

  /// One transaction of the database: BEGIN to the end of COMMIT.
  void committed(std::size_t groups, std::size_t deliveries_in_it, double seconds);

  /// One transaction of the spool.
  void spooled(std::size_t deliveries_in_it, double seconds);

  void audit_line_dropped() { audit_lines_dropped.add(); }

  /// Called at each serialize(), to set gauges that somebody else counts. Must not block.
  void before_scrape(std::function<void(metrics&)> collect);

  /// Costs about as much as a scrape.
  live_counts live() const;

  /// The Prometheus text format, version 0.0.4 (`content-type: text/plain; version=0.0.4`).
  std::string serialize();

private:
  struct process_gauges;
  std::unique_ptr<process_gauges> process_;
  std::mutex collectors_guard_;
  std::vector<std::function<void(metrics&)>> collectors_;
};

/// `event` when GitHub documents such a webhook event, else `other`.
std::string_view event_label(std::string_view event) noexcept;

} // namespace ingot::telemetry
