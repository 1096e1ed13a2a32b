#include "actors/application_notifier.hpp"
#include "actors/blocking_job.hpp"
#include "actors/content_notifier.hpp"
#include "actors/content_sweeper.hpp"
#include "actors/content_sync.hpp"
#include "actors/credential_book.hpp"
#include "actors/delivery_check.hpp"
#include "actors/event_writer.hpp"
#include "actors/github_job.hpp"
#include "actors/installation_sync.hpp"
#include "actors/manifest_check.hpp"
#include "actors/nightly_run.hpp"
#include "actors/node.hpp"
#include "actors/noop_job.hpp"
#include "actors/permit_source.hpp"
#include "actors/pull_request_files_job.hpp"
#include "actors/release_fetcher.hpp"
#include "actors/rollup_job.hpp"
#include "actors/search_rebuilder.hpp"
#include "actors/site_notifier.hpp"
#include "actors/site_sync_job.hpp"
#include "actors/stripe_check.hpp"
#include "actors/submission_notifier.hpp"
#include "actors/submission_repository_job.hpp"
#include "commands/command_line.hpp"
#include "model/contents/changes_notification.hpp"
#include "model/contents/sync_order.hpp"
#include "model/drupal/site_event.hpp"
#include "model/github/installation_order.hpp"
#include "model/mcp/check_order.hpp"
#include "model/mcp/manifest_validator.hpp"
#include "model/mcp/submission_notice.hpp"
#include "model/nightly/calendar.hpp"
#include "model/nightly/run.hpp"
#include "model/notification.hpp"
#include "model/word_list.hpp"
#include "net/git/provider.hpp"
#include "net/github/content_provider.hpp"
#include "net/github/installer.hpp"
#include "net/routes/application.hpp"
#include "net/s3/bucket.hpp"
#include "storage/blob_files.hpp"
#include "storage/cluster.hpp"
#include "storage/content_sweep.hpp"
#include "storage/delivery_receipt.hpp"
#include "storage/node_storage.hpp"
#include "storage/release_fetches.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include <malloc.h>

namespace {

using namespace ingot;

/// Only what the actors need of the operating system: a scheduler that was measured good (docs/decisions), and our message
/// types.
struct actor_config : caf::actor_system_config {
  explicit actor_config(const actor_settings& settings) {
    add_message_types<caf::id_block::ingot>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::size_t>(settings.scheduler_threads));
  }
};

sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (auto x : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&signals, x);
  return signals;
}

/// A folder that cannot be looked at leaves the gauge as it was.
void measure_disk(telemetry::metrics& counters, const std::filesystem::path& data_dir) {
  auto error = std::error_code{};
  const auto space = std::filesystem::space(data_dir, error);
  if (!error)
    counters.disk_free.set(static_cast<double>(space.available));
}

/// Signals arrive on the main thread only; in between `look` is called each second: the embedded database's life hangs on this
/// thread.
int wait_for_signal(const std::function<void()>& look) {
  const auto signals = handled_signals();
  const auto patience = timespec{1, 0};
  for (;;) {
    const auto got = sigtimedwait(&signals, nullptr, &patience);
    if (got > 0)
      return got;
    look();
  }
}

/// Ends the process when the operator does not want to wait for the drain.
void end_at_second_signal() {
  std::thread([] {
    const auto signals = handled_signals();
    auto got = 0;
    while (sigwait(&signals, &got) == 0 && got == SIGHUP) {
    }
    log::warn("second signal: ending at once");
    std::_Exit(130);
  }).detach();
}

/// Bodies of some KB come and go by the thousand: glibc would give their pages back and take them again each time. What
/// REPOSITORIES let go is given back by name (malloc_trim).
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 8 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 32 * 1024 * 1024);
  mallopt(M_ARENA_MAX, 4);
}

/// From 0 to 1; each thread has its own source.
double chance() {
  static thread_local auto source = std::minstd_rand{std::random_device{}()};
  return std::uniform_real_distribution{}(source);
}

/// Tells the NODE to stop, unless that has been done.
struct stop_node {
  node_actor& node;

  ~stop_node() {
    if (node)
      caf::anon_send(std::exchange(node, nullptr), stop_atom_v);
  }
};

/// Looking through the whole blob store costs as much as it is large.
milliseconds orphan_interval(const blob_settings& x) {
  constexpr auto day = milliseconds{86'400'000};
  return x.sweep_interval.count() > 0 ? std::max(x.sweep_interval, day) : milliseconds{0};
}

/// The nightly sync's, unless there is none. The settings were checked: the expression is good.
std::optional<schedule> nightly_schedule(const settings& config, std::function<std::size_t(const std::string&)> start) {
  auto parsed = nightly::cron_schedule::parse(config.nightly.schedule, config.nightly.time_zone);
  const auto* cron = std::get_if<nightly::cron_schedule>(&parsed);
  if (cron == nullptr)
    return std::nullopt;
  const auto salt = static_cast<std::uint64_t>(chance() * 1e15);
  auto calendar = [cron = *cron, jitter = config.nightly.jitter, salt](timestamp at) {
    const auto found = nightly::due_at(cron, jitter, salt, at);
    auto out = calendar_look{found.due ? to_rfc3339(*found.due) : std::string{}, std::chrono::hours{1}};
    if (found.next_look)
      out.next_in = std::chrono::ceil<milliseconds>(*found.next_look - at);
    return out;
  };
  return schedule{"nightly sync", milliseconds{0}, std::move(start), std::move(calendar)};
}

/// A server whose repository is gone or private is listed that long at most.
constexpr auto restless_interval = milliseconds{60'000};

/// What runs by the clock.
std::vector<schedule> schedules_of(const settings& config, storage::node_storage& database, std::function<timestamp()> now) {
  auto all = std::vector<schedule>{
      {"releases of Drupal projects", config.drupal.releases_interval,
       [&database](const auto& period) { return database.enqueue_release_fetches(period); }},
      {"missed events of Stripe's", config.stripe.secret_key.empty() ? milliseconds{0} : config.stripe.check_interval,
       [&database](const auto& period) { return database.enqueue_stripe_check(period); }},
      {"rollup of events", config.rollup.interval,
       [&database, now](const auto& period) { return database.start_scheduled_rollup(now(), period); }},
      // A sixtieth of the interval at a time, so that requests spread over it.
      {"followed repositories", config.contents.fallback_interval / 60,
       [&database](const auto&) { return database.enqueue_content_checks(); }},
      {"servers of repositories that changed", restless_interval,
       [&database](const auto&) { return database.enqueue_restless_manifests(); }},
      {"unreferenced contents", config.blobs.sweep_interval,
       [&database](const auto& period) { return database.enqueue_blob_sweep(period, false); }},
      {"orphans in the blob store", orphan_interval(config.blobs),
       [&database](const auto& period) { return database.enqueue_blob_sweep(period, true); }},
  };
  if (checks_deliveries(config.github_api))
    all.push_back({"missed deliveries of GitHub's", config.github_api.deliveries_interval,
                   [&database](const auto& period) { return database.enqueue_delivery_check(period); }});
  std::erase_if(all, [](const schedule& x) { return x.interval.count() <= 0; });
  if (auto night =
          nightly_schedule(config, [&database, now](const auto& at) { return database.start_scheduled_night(now(), at); }))
    all.push_back(std::move(*night));
  return all;
}

/// Where contents of followed repositories lie.
std::shared_ptr<contents::blob_store> open_blobs(const settings& config) {
  const auto& x = config.blobs;
  if (!x.s3_url.empty())
    return s3::open_bucket(x);
  return storage::open_blob_files(x.folder.empty() ? config.data_dir / "blobs" : x.folder, x.zstd_level);
}

int serve(serve_request request) {
  keep_freed_memory();
  const auto signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  // The truth: the embedded cluster or DATABASE_URL, migrated; may be away.
  auto database = storage::node_storage{request.values};
  const auto reachable = database.open();

  // Every metric in one place.
  auto counters = telemetry::metrics{INGOT_VERSION};

  // What the actors are given.
  const auto context = std::make_shared<node_context>(request.values, counters);
  context->now = [] { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); };
  context->chance = chance;
  context->open_store = [&database] { return database.open_store(); };
  context->open_site_store = [&database] { return database.open_site_store(); };
  context->open_job_store = [&database] { return database.open_job_store(); };
  context->open_crawl_store = [&database] { return database.open_crawl_store(); };
  context->open_search_store = [&database] { return database.open_search_store(); };
  context->open_event_store = [&database] { return database.open_event_store(); };
  context->open_stripe_store = [&database] { return database.open_stripe_store(); };
  context->blobs = open_blobs(request.values);
  context->open_rate_store = [&database] { return database.open_rate_store(); };
  context->open_content_store = [&database] { return database.open_content_store(); };
  context->event_rules = event_rules_of(request.values.events);
  // How the node starts depends on what the spool holds; SPOOL takes it as it is open, since opening reads all of it.
  auto opened = std::make_shared<std::unique_ptr<storage::spool>>(database.open_spool());
  context->spool_depth = (*opened)->depth();
  context->open_spool = [&database, opened] { return *opened ? std::move(*opened) : database.open_spool(); };
  context->probe = [&database] { return database.probe(); };
  context->open_connection = [&database] { return database.open_connection(); };
  context->maintain = [&database](timestamp now) { return database.maintain(now); };

  // GitHub, each request by a permit, and whatever else gives contents of repositories.
  context->permits = std::make_shared<permit_source>(*context);
  context->github = std::make_shared<github::client>(request.values.github_api);
  context->tokens = std::make_shared<github::tokens>(request.values.github_api, *context->github, *context->permits,
                                                     credentials_of(*context), context->now);
  context->providers["github"] = github::content_provider(request.values, context->github, context->tokens, context->permits);
  context->providers["git"] = git::git_provider(request.values);
  const auto stopping = [&draining = context->draining] { return draining.load(); };
  context->manifests = std::make_shared<const mcp::manifest_validator>(request.values.mcp.default_schema,
                                                                       words_in(request.values.mcp.accepted_schemas));
  context->start_rollup = [&database](const auto& order) { return database.start_rollup(order); };
  context->run_rollup = [&database, stopping](const auto& task, const auto& lease) {
    return database.run_rollup(task, lease, stopping);
  };
  context->preview_rollup = [&database, stopping, &config = request.values, now = context->now](const auto& order) {
    return database.preview_rollup(storage::rollup_task_of(order, config, now()), stopping);
  };
  context->schedules = schedules_of(request.values, database, context->now);
  context->write_audit = [&database](const auto& lines, timestamp at) { database.write_audit(lines, at); };

  // The actors, under one supervisor.
  auto config = actor_config{request.values.actors};
  auto system = std::make_unique<caf::actor_system>(config);
  context->job_handlers[site_sync_kind] = site_sync_jobs(*context);
  context->job_handlers[drupal::notify_job_kind] = blocking_jobs(*system, *context, notify_site);
  context->job_handlers[notification_job_kind] = blocking_jobs(*system, *context, notify_application);
  context->job_handlers[storage::stripe_check_kind] = blocking_jobs(*system, *context, check_stripe);
  context->job_handlers[storage::rollup_job_kind] = blocking_jobs(*system, *context, roll_up);
  context->job_handlers[storage::release_job_kind] = release_fetches(*system, *context);
  context->job_handlers[storage::search_rebuild_kind] = search_rebuilds(*system, *context);
  context->job_handlers[contents::content_sync_kind] = blocking_jobs(*system, *context, sync_contents);
  context->job_handlers[storage::blob_sweep_kind] = blocking_jobs(*system, *context, sweep_contents);
  context->job_handlers[contents::content_notify_kind] = blocking_jobs(*system, *context, notify_of_changes);
  context->job_handlers[contents::content_check_kind] = blocking_jobs(*system, *context, check_contents);
  context->job_handlers[github::installation_sync_kind] = github_jobs(*system, *context, sync_installation);
  const auto installer =
      std::make_shared<github::app_installer>(context->config.github_api, *context->github, *context->tokens, *context->permits);
  context->app_slug = [installer] { return installer->slug(); };
  context->verify_installer = [installer](auto id, const auto& code) { return installer->verify(id, code); };
  context->job_handlers[pull_request_files_kind] = github_jobs(*system, *context, fetch_pull_request_files);
  context->job_handlers[mcp::manifest_check_kind] = github_jobs(*system, *context, check_manifests);
  context->job_handlers[storage::delivery_check_kind] = github_jobs(*system, *context, check_deliveries);
  context->job_handlers[nightly::run_kind] = blocking_jobs(*system, *context, run_nightly);
  context->job_handlers[nightly::alert_kind] = blocking_jobs(*system, *context, notify_of_alert);
  context->job_handlers[mcp::submission_mail_kind] = blocking_jobs(*system, *context, mail_submitter);
  context->job_handlers[mcp::submission_webhook_kind] = blocking_jobs(*system, *context, notify_of_submission);
  context->job_handlers[mcp::submission_fetch_kind] = github_jobs(*system, *context, look_at_submitted_repository);
  context->job_handlers[mcp::submission_track_kind] = github_jobs(*system, *context, track_submitted_repository);
  if (request.values.jobs.noop)
    context->job_handlers["noop"] = noop_jobs(*system, context->now);
  auto node_handle = system->spawn(node, context, reachable);

  // Whatever ends this function, the actors end with it: the system's destructor waits for them.
  const auto stop_at_end = stop_node{node_handle};

  // The door.
  auto application = routes::application{routes::make_services(*system, context, INGOT_VERSION, database.schema_version())};
  auto server = http::server{request.values.server, application};
  server.on_answer = [&](const http::request_head& head, unsigned status, fault why, double seconds) {
    const auto pattern = routes::pattern_of(head.method, head.path);
    counters.count_request(pattern, status, why);
    if (status == 200 && pattern.starts_with("/webhook"))
      counters.ack_seconds.observe(seconds);
  };
  server.on_refusal = [&](std::string_view remote, fault why, std::string_view reason) {
    counters.http_refusals.at({to_string(why)}).add();
    log::info("connection refused or cut", {{"remote", remote}, {"code", to_string(why)}, {"reason", reason}});
  };
  counters.before_scrape([&](telemetry::metrics& x) {
    const auto now = server.counts();
    x.connections.set(static_cast<double>(now.connections));
    x.requests_in_flight.set(static_cast<double>(now.requests_in_flight));
    x.bytes_in_flight.set(static_cast<double>(now.bytes_in_flight));
    const auto end = server.certificate_end().value_or(timestamp{});
    x.certificate_end.set(std::chrono::duration<double>(end.time_since_epoch()).count());
  });
  server.start();
  request.announce(server.port());

  const auto look = [&] {
    database.look_after_cluster();
    measure_disk(counters, request.values.data_dir);
  };
  look();
  while (wait_for_signal(look) == SIGHUP)
    if (const auto problem = server.reload_tls(); !problem.empty())
      log::error("certificate not reloaded", {{"reason", problem}});

  // Stop accepting, finish, flush, close.
  log::info("stopping");
  end_at_second_signal();
  context->draining = true;
  if (const auto handles = context->handles.load())
    caf::anon_send(handles->jobs, hint_atom_v); // its jobs are another node's before the last answers are given
  server.drain();
  caf::anon_send(node_handle, stop_atom_v);
  node_handle = nullptr;
  system->await_all_actors_done();
  system = nullptr;
  log::info("stopped");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return ingot::run_command_line(argc, argv, serve);
}
