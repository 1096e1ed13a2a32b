#include "actors/node.hpp"

#include "actors/auditor.hpp"
#include "actors/crawl_writer.hpp"
#include "actors/event_writer.hpp"
#include "actors/failure_guard.hpp"
#include "actors/jobs.hpp"
#include "actors/metrics.hpp"
#include "actors/rate_limiter.hpp"
#include "actors/reader.hpp"
#include "actors/repositories.hpp"
#include "actors/scheduler.hpp"
#include "actors/site_parser.hpp"
#include "actors/sites.hpp"
#include "actors/spool.hpp"
#include "actors/stripe_writer.hpp"
#include "actors/writer.hpp"

#include <algorithm>

namespace ingot {

namespace {

using node_pointer = node_actor::stateful_pointer<node_state>;

constexpr auto backoff_first = std::chrono::milliseconds{50};
constexpr auto calm = std::chrono::minutes{1}; // after which a fall counts as the first
constexpr auto backoff_max = std::chrono::milliseconds{5'000};

void publish(node_pointer self) {
  self->state.context->handles = std::make_shared<const actor_handles>(self->state.handles);
}

/// SPOOL first, since WRITERs send to it. With `through_spool` the WRITERs begin there, until the SPOOL has found the database
/// and is drained.
void start_commit_path(node_pointer self, bool through_spool) {
  auto& state = self->state;
  auto& handles = state.handles;
  handles.spool = self->spawn<caf::detached + caf::monitored>(spool, state.context, handles.readers.front());
  state.context->database = through_spool ? database_state::away : database_state::direct;
  handles.writers.clear();
  for (auto i = 0u; i < state.context->config.database.writers; ++i)
    handles.writers.push_back(
        self->spawn<caf::detached + caf::monitored>(writer, state.context, i, handles.spool, through_spool));
  auto clients = std::vector<spool_client>{};
  for (const auto& x : handles.writers)
    clients.push_back({"github", x});
  const auto add_intake = [&](const char* source, auto& handle, auto spawn) {
    handle = spawn(static_cast<std::uint32_t>(clients.size()));
    clients.push_back({source, handle});
  };
  add_intake(event_intake::source, handles.event_writer, [&](std::uint32_t index) {
    return self->spawn<caf::detached + caf::monitored>(event_writer, state.context, index, handles.spool, through_spool);
  });
  add_intake(stripe_intake::source, handles.stripe_writer, [&](std::uint32_t index) {
    return self->spawn<caf::detached + caf::monitored>(stripe_writer, state.context, index, handles.spool, through_spool);
  });
  state.commit_path_alive = clients.size() + 1;
  self->send(handles.spool, writers_atom_v, std::move(clients));
}

/// The first of them to fall takes the others along.
void end_commit_path(node_pointer self) {
  auto& state = self->state;
  --state.commit_path_alive;
  if (std::exchange(state.commit_path_fell, true))
    return;
  self->send_exit(state.handles.spool, caf::exit_reason::kill);
  for (const auto& x : state.handles.writers)
    self->send_exit(x, caf::exit_reason::kill);
  self->send_exit(state.handles.event_writer, caf::exit_reason::kill);
  self->send_exit(state.handles.stripe_writer, caf::exit_reason::kill);
}

reader_actor start_reader(node_pointer self, std::size_t index) {
  return self->spawn<caf::detached + caf::monitored>(reader, self->state.context, index == 0);
}

void start_repositories(node_pointer self) {
  auto& state = self->state;
  state.handles.repositories = self->spawn<caf::monitored>(repositories, state.context, state.handles.writers);
}

void start_sites(node_pointer self) {
  self->state.handles.sites = self->spawn<caf::monitored>(sites, self->state.context);
}

site_parser_actor start_site_parser(node_pointer self) {
  return self->spawn<caf::detached + caf::monitored>(site_parser, self->state.context);
}

void start_crawl_writer(node_pointer self) {
  self->state.handles.crawl_writer = self->spawn<caf::detached + caf::monitored>(crawl_writer, self->state.context);
}

void start_auditor(node_pointer self) {
  self->state.handles.auditor = self->spawn<caf::detached + caf::monitored>(auditor, self->state.context);
}

void start_metrics(node_pointer self) {
  self->state.handles.metrics = self->spawn<caf::monitored>(metrics_collector, self->state.context);
}

void start_jobs(node_pointer self) {
  self->state.handles.jobs = self->spawn<caf::detached + caf::monitored>(jobs, self->state.context);
}

void start_rate_limiter(node_pointer self) {
  self->state.handles.rate_limiter = self->spawn<caf::monitored>(rate_limiter, self->state.context);
}

void start_scheduler(node_pointer self) {
  auto& state = self->state;
  if (!state.context->schedules.empty())
    state.handles.scheduler = self->spawn<caf::detached + caf::monitored>(scheduler, state.context);
}

void restart_later(node_pointer self) {
  auto& state = self->state;
  if (std::exchange(state.tick_sent, true))
    return;
  const auto now = self->clock().now();
  if (now - state.last_fall > calm)
    state.backoff = std::chrono::milliseconds{0};
  state.last_fall = now;
  state.backoff = std::clamp(state.backoff * 2, backoff_first, backoff_max);
  self->delayed_send(self, state.backoff, tick_atom_v);
}

void note_fallen(node_pointer self, const caf::down_msg& x) {
  auto& state = self->state;
  if (state.stopping)
    return;
  auto& handles = state.handles;
  const auto is = [&](const auto& handle) { return x.source == handle.address(); };
  if (is(handles.spool) || is(handles.event_writer) || is(handles.stripe_writer) ||
      std::any_of(handles.writers.begin(), handles.writers.end(), is))
    end_commit_path(self);
  else if (is(handles.repositories))
    state.repositories_fell = true;
  else if (is(handles.sites))
    state.sites_fell = true;
  else if (auto parser = std::find_if(handles.site_parsers.begin(), handles.site_parsers.end(), is);
           parser != handles.site_parsers.end())
    state.site_parsers_fell.push_back(static_cast<std::size_t>(parser - handles.site_parsers.begin()));
  else if (is(handles.crawl_writer))
    state.crawl_writer_fell = true;
  else if (is(handles.auditor))
    state.auditor_fell = true;
  else if (is(handles.metrics))
    state.metrics_fell = true;
  else if (is(handles.jobs))
    state.jobs_fell = true;
  else if (is(handles.rate_limiter))
    state.rate_limiter_fell = true;
  else if (handles.scheduler && is(handles.scheduler))
    state.scheduler_fell = true;
  else if (auto found = std::find_if(handles.readers.begin(), handles.readers.end(), is); found != handles.readers.end())
    state.readers_fell.push_back(static_cast<std::size_t>(found - handles.readers.begin()));
  else
    return; // one that was ended on purpose
  restart_later(self);
}

void restart_fallen(node_pointer self) {
  auto& state = self->state;
  state.tick_sent = false;
  if (state.stopping)
    return;
  auto& handles = state.handles;
  // The SPOOL probes through the first reader: it starts anew with the rest of its road.
  for (auto i : std::exchange(state.readers_fell, {})) {
    handles.readers[i] = start_reader(self, i);
    if (i == 0 && !state.commit_path_fell)
      self->send_exit(handles.spool, caf::exit_reason::kill);
  }
  for (auto i : std::exchange(state.site_parsers_fell, {}))
    handles.site_parsers[i] = start_site_parser(self);
  if (std::exchange(state.sites_fell, false))
    start_sites(self);
  if (std::exchange(state.crawl_writer_fell, false))
    start_crawl_writer(self);
  if (std::exchange(state.auditor_fell, false))
    start_auditor(self);
  if (std::exchange(state.metrics_fell, false))
    start_metrics(self);
  if (std::exchange(state.jobs_fell, false))
    start_jobs(self);
  if (std::exchange(state.rate_limiter_fell, false))
    start_rate_limiter(self);
  if (std::exchange(state.scheduler_fell, false))
    start_scheduler(self);
  if (state.commit_path_fell && state.commit_path_alive > 0) {
    restart_later(self); // one of them is in a call that its deadline will end; REPOSITORIES wait for it, too
    return;
  }
  if (std::exchange(state.commit_path_fell, false)) {
    start_commit_path(self, true);
    if (!state.repositories_fell)
      self->send(handles.repositories, writers_atom_v, handles.writers);
  }
  if (std::exchange(state.repositories_fell, false))
    start_repositories(self);
  publish(self);
}

/// From the senders' side to the disk's: whoever is asked to end has handled all that was sent to it before.
void stop_all(node_pointer self) {
  auto& state = self->state;
  state.stopping = true;
  const auto end = [self](const auto& x) { self->send_exit(x, caf::exit_reason::user_shutdown); };
  if (state.handles.scheduler)
    end(state.handles.scheduler);
  end(state.handles.jobs);
  end(state.handles.rate_limiter); // who waits for a permit is told, and ends
  end(state.handles.repositories);
  std::for_each(state.handles.site_parsers.begin(), state.handles.site_parsers.end(), end);
  end(state.handles.sites);
  end(state.handles.crawl_writer);
  std::for_each(state.handles.writers.begin(), state.handles.writers.end(), end);
  end(state.handles.event_writer);
  end(state.handles.stripe_writer);
  end(state.handles.spool);
  std::for_each(state.handles.readers.begin(), state.handles.readers.end(), end);
  end(state.handles.auditor);
  end(state.handles.metrics);
  state.context->handles.store(nullptr);
}

} // namespace

node_actor::behavior_type node(node_pointer self, context_ptr context, bool database_reachable) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->set_down_handler([self](caf::down_msg& x) { note_fallen(self, x); });
  for (auto i = 0u; i < std::max(self->state.context->config.database.readers, 1u); ++i)
    self->state.handles.readers.push_back(start_reader(self, i));
  start_commit_path(self, !database_reachable || self->state.context->spool_depth > 0);
  start_repositories(self);
  start_sites(self);
  for (auto i = 0u; i < self->state.context->config.sites.parsers; ++i)
    self->state.handles.site_parsers.push_back(start_site_parser(self));
  start_crawl_writer(self);
  start_auditor(self);
  start_metrics(self);
  start_rate_limiter(self);
  start_jobs(self);
  start_scheduler(self);
  publish(self);
  return {
      [self](stop_atom) {
        stop_all(self);
        self->quit();
        return true;
      },
      [self](tick_atom) { restart_fallen(self); },
  };
}

} // namespace ingot
