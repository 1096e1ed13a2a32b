#include "telemetry/metrics.hpp"

#include "telemetry/process_usage.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ingot::telemetry {

namespace {

using registry = std::shared_ptr<prometheus::Registry>;
using buckets = prometheus::Histogram::BucketBoundaries;

auto& counter_family(const registry& to, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*to);
}

auto& gauge_family(const registry& to, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*to);
}

histogram make_histogram(const registry& to, const char* name, const char* help, const buckets& bounds) {
  return histogram{prometheus::BuildHistogram().Name(name).Help(help).Register(*to).Add({}, bounds)};
}

counter make_counter(const registry& to, const char* name, const char* help) {
  return counter{counter_family(to, name, help).Add({})};
}
gauge make_gauge(const registry& to, const char* name, const char* help) {
  return gauge{gauge_family(to, name, help).Add({})};
}

// One group and one delivery are the usual case at a light load, 512 the default bound of a batch.
const buckets sizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
// From a local COMMIT to what GitHub still waits for (10 s).
const buckets latencies{0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

// GitHub documentation, "Webhook events and payloads". Sorted.
constexpr auto documented_events = std::to_array<std::string_view>({
    "branch_protection_configuration",
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "code_scanning_alert",
    "commit_comment",
    "create",
    "custom_property",
    "custom_property_values",
    "delete",
    "dependabot_alert",
    "deploy_key",
    "deployment",
    "deployment_protection_rule",
    "deployment_review",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "github_app_authorization",
    "gollum",
    "installation",
    "installation_repositories",
    "installation_target",
    "issue_comment",
    "issue_dependencies",
    "issues",
    "label",
    "marketplace_purchase",
    "member",
    "membership",
    "merge_group",
    "meta",
    "milestone",
    "org_block",
    "organization",
    "package",
    "page_build",
    "personal_access_token_request",
    "ping",
    "project",
    "project_card",
    "project_column",
    "projects_v2",
    "projects_v2_item",
    "projects_v2_status_update",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "registry_package",
    "release",
    "repository",
    "repository_advisory",
    "repository_dispatch",
    "repository_import",
    "repository_ruleset",
    "repository_vulnerability_alert",
    "secret_scanning_alert",
    "secret_scanning_alert_location",
    "secret_scanning_scan",
    "security_advisory",
    "security_and_analysis",
    "sponsorship",
    "star",
    "status",
    "sub_issues",
    "team",
    "team_add",
    "watch",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
});
static_assert(std::is_sorted(documented_events.begin(), documented_events.end()));

} // namespace

std::string_view event_label(std::string_view event) noexcept {
  auto at = std::lower_bound(documented_events.begin(), documented_events.end(), event);
  return at != documented_events.end() && *at == event ? *at : "other";
}

/// What the operating system counts for us; the names are Prometheus' own for any process.
struct metrics::process_gauges {
  explicit process_gauges(const registry& to)
      : resident{make_gauge(to, "process_resident_memory_bytes", "Resident memory of the node.")},
        peak{make_gauge(to, "ingot_process_resident_memory_peak_bytes", "Highest resident memory of the node since its start.")},
        descriptors{make_gauge(to, "process_open_fds", "Open file descriptors.")},
        descriptors_max{make_gauge(to, "process_max_fds", "Limit of open file descriptors.")},
        start{make_gauge(to, "process_start_time_seconds", "Start of the process, seconds since 1970.")},
        cpu{make_counter(to, "process_cpu_seconds_total", "User and system CPU time of the node.")} {}

  void refresh() {
    auto now = read_process_usage();
    resident.set(now.resident_bytes);
    peak.set(now.resident_peak_bytes);
    descriptors.set(now.open_descriptors);
    descriptors_max.set(now.descriptors_max);
    start.set(now.started_at_seconds);
    cpu.add(std::max(0.0, now.cpu_seconds - cpu_told));
    cpu_told = now.cpu_seconds;
  }

  gauge resident;
  gauge peak;
  gauge descriptors;
  gauge descriptors_max;
  gauge start;
  counter cpu;
  double cpu_told = 0;
};

metrics::metrics(std::string_view version)
    : registry_{std::make_shared<prometheus::Registry>()}, http_requests{counter_family(registry_, "ingot_http_requests_total",
                                                                                        "Requests answered."),
                                                                         {"route", "status", "code"}},
      http_refusals{counter_family(registry_, "ingot_http_refusals_total",
                                   "Requests and connections refused or cut by the server itself: framing, caps, deadlines."),
                    {"reason"}},
      verify_failures{
          counter_family(registry_, "ingot_verify_failures_total", "Deliveries whose signature was missing or wrong."),
          {"source", "reason"}},
      deliveries{counter_family(registry_, "ingot_deliveries_total", "Verified deliveries by what became of them."),
                 {"event", "outcome"}},
      site_syncs{counter_family(registry_, "ingot_site_syncs_total", "Syncs of sites by what became of them."), {"outcome"}},
      intake_items{counter_family(registry_, "ingot_intake_items_total",
                                  "What applications, Stripe and crawlers sent, by intake and by what became of it."),
                   {"intake", "outcome"}},
      audit_lines_dropped{make_counter(registry_, "ingot_audit_lines_dropped_total", "Audit lines that could not be kept.")},
      audit_unsealed{make_gauge(registry_, "ingot_audit_unsealed_lines", "Lines of the audit log that wait for their seal.")},
      audit_unsealed_seconds{
          make_gauge(registry_, "ingot_audit_unsealed_seconds", "How long the oldest line without a seal has waited.")},
      database_failures{make_counter(registry_, "ingot_database_failures_total", "Times that the database was found away.")},
      batches_bisected{
          make_counter(registry_, "ingot_batches_bisected_total", "Batches that the database refused and that were divided.")},
      batch_groups{make_histogram(registry_, "ingot_batch_groups", "Repository groups in one transaction.", sizes)},
      batch_deliveries{make_histogram(registry_, "ingot_batch_deliveries", "Deliveries in one transaction.", sizes)},
      commit_seconds{make_histogram(registry_, "ingot_commit_seconds", "From BEGIN to the end of COMMIT.", latencies)},
      intake_commit_seconds{make_histogram(registry_, "ingot_intake_commit_seconds",
                                           "One transaction of an application's intake, BEGIN to COMMIT.", latencies)},
      sync_commit_seconds{
          make_histogram(registry_, "ingot_sync_commit_seconds", "One transaction of site syncs, BEGIN to COMMIT.", latencies)},
      spool_commit_seconds{
          make_histogram(registry_, "ingot_spool_commit_seconds", "One transaction of the spool, fsync included.", latencies)},
      spooled_total{make_counter(registry_, "ingot_spooled_deliveries_total", "Deliveries acknowledged from the spool.")},
      ack_seconds{make_histogram(registry_, "ingot_ack_seconds", "From the end of a delivery's head to the last byte of its 2xx.",
                                 latencies)},
      connections{make_gauge(registry_, "ingot_http_connections", "Open connections.")},
      requests_in_flight{make_gauge(registry_, "ingot_http_requests_in_flight", "Requests admitted and not yet answered.")},
      bytes_in_flight{make_gauge(registry_, "ingot_http_bytes_in_flight", "Bodies of those requests.")},
      queue_depth{gauge_family(registry_, "ingot_queue_depth", "What was sent to an actor and has not come back."), {"queue"}},
      spool_deliveries{make_gauge(registry_, "ingot_spool_deliveries", "Acknowledged deliveries that wait for the database.")},
      spool_bytes{make_gauge(registry_, "ingot_spool_bytes", "Bytes of those.")},
      spool_bytes_max{make_gauge(registry_, "ingot_spool_bytes_max", "Bytes that the spool may keep.")},
      disk_free{make_gauge(registry_, "ingot_disk_free_bytes", "Free bytes of the data folder's file system.")},
      certificate_end{make_gauge(registry_, "ingot_tls_certificate_end_seconds",
                                 "Time, in seconds since 1970, at which the TLS certificate ends; 0 without TLS.")},
      actors{gauge_family(registry_, "ingot_actors", "Live actors."), {"kind"}},
      database{make_gauge(registry_, "ingot_database_state", "0: away, the spool takes over. 1: direct. 2: the spool drains.")},
      jobs{gauge_family(registry_, "ingot_jobs", "Jobs in the database, by state."), {"state"}},
      job_oldest_due{make_gauge(registry_, "ingot_job_oldest_due_seconds",
                                "How long the job of a kind that this node runs has been due that waits longest.")},
      job_attempts{counter_family(registry_, "ingot_job_attempts_total", "Attempts at jobs by how they ended."),
                   {"kind", "result"}},
      deliveries_complete_through{make_gauge(registry_, "ingot_deliveries_complete_through_seconds",
                                             "Time, in seconds since 1970, up to which every delivery of GitHub's has come.")},
      deliveries_listed_through{make_gauge(registry_, "ingot_deliveries_listed_through_seconds",
                                           "Time, in seconds since 1970, up to which GitHub's log was looked through.")},
      deliveries_missing{
          make_gauge(registry_, "ingot_deliveries_missing", "Deliveries of GitHub's that did not arrive and may still come.")},
      deliveries_redelivered{
          make_counter(registry_, "ingot_deliveries_redelivered_total", "Deliveries that GitHub was asked for again.")},
      deliveries_lost{make_counter(registry_, "ingot_deliveries_lost_total", "Deliveries that were given up.")},
      job_completions_fenced{make_counter(registry_, "ingot_job_completions_fenced_total",
                                          "Completions refused because another node had the job by then.")},
      permits{counter_family(registry_, "ingot_permits_total", "Permits for requests to GitHub, granted and refused."),
              {"urgency", "result"}},
      permits_waiting{gauge_family(registry_, "ingot_permits_waiting", "Requests to GitHub that wait for a permit."),
                      {"urgency"}},
      permit_wait_seconds{
          make_histogram(registry_, "ingot_permit_wait_seconds", "From asking for a permit to its grant.", latencies)},
      rate_limit{gauge_family(registry_, "ingot_rate_limit", "Requests of a budget's window."), {"budget", "resource"}},
      rate_remaining{gauge_family(registry_, "ingot_rate_remaining", "Requests of a budget's window that nobody has spent."),
                     {"budget", "resource"}},
      rate_used{gauge_family(registry_, "ingot_rate_used", "Requests of a budget's window that are spent."),
                {"budget", "resource"}},
      nightly_repositories{
          counter_family(registry_, "ingot_nightly_repositories_total", "Repositories that nightly runs looked at."),
          {"outcome"}},
      nightly_alerts{counter_family(registry_, "ingot_nightly_alerts_total", "Rules that nightly runs broke."), {"rule"}},
      nightly_finished{make_gauge(registry_, "ingot_nightly_finished_seconds",
                                  "Time, in seconds since 1970, at which this node ended a nightly run last.")},
      nightly_seconds{make_gauge(registry_, "ingot_nightly_duration_seconds", "How long that run took.")},
      process_{std::make_unique<process_gauges>(registry_)} {
  gauge_family(registry_, "ingot_build_info", "Always 1; the version is a label.")
      .Add({{"version", std::string{version}}})
      .Set(1);
}

metrics::~metrics() = default;

void metrics::count_request(std::string_view route, unsigned status, fault why) {
  std::array<char, 12> text{};
  auto end = std::to_chars(text.data(), text.data() + text.size(), status).ptr;
  const auto code = status == 503 && why != fault::none ? to_string(why) : std::string_view{};
  http_requests.at({route, std::string_view{text.data(), static_cast<std::size_t>(end - text.data())}, code}).add();
}

void metrics::count_delivery(std::string_view event, delivery_outcome outcome, double amount) {
  deliveries.at({event_label(event), to_string(outcome)}).add(amount);
}

void metrics::committed(std::size_t groups, std::size_t deliveries_in_it, double seconds) {
  batch_groups.observe(static_cast<double>(groups));
  batch_deliveries.observe(static_cast<double>(deliveries_in_it));
  commit_seconds.observe(seconds);
}

void metrics::spooled(std::size_t deliveries_in_it, double seconds) {
  spooled_total.add(static_cast<double>(deliveries_in_it));
  spool_commit_seconds.observe(seconds);
}

void metrics::before_scrape(std::function<void(metrics&)> collect) {
  std::lock_guard lock{collectors_guard_};
  collectors_.push_back(std::move(collect));
}

std::string metrics::serialize() {
  std::lock_guard lock{collectors_guard_};
  for (auto& collect : collectors_)
    collect(*this);
  process_->refresh();
  return prometheus::TextSerializer{}.Serialize(registry_->Collect());
}

} // namespace ingot::telemetry
