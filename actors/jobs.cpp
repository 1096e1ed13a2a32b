#include "actors/jobs.hpp"

#include "actors/failure_guard.hpp"
#include "config/failpoints.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ingot {

namespace {

using jobs_pointer = jobs_actor::stateful_pointer<jobs_state>;
using storage::sql_remedy;
using storage::store_error;

constexpr auto renewals_per_lease = 3;
constexpr auto backoff_max = std::chrono::milliseconds{5'000};

/// Of a node that stops: what ends by then need not be done again elsewhere.
constexpr auto last_moment = std::chrono::milliseconds{200};

/// While the database is away, the next tick looks for it; a node that stops has none.
void flush_soon(jobs_pointer self) {
  if ((!self->state.away || self->state.leaving) && !std::exchange(self->state.flush_sent, true))
    self->send(self, flush_atom_v);
}

/// What of each kind, and of all together, may still be claimed.
std::vector<storage::job_quota> quotas(const jobs_state& state) {
  auto in_hand = std::map<std::string_view, std::size_t>{};
  for (const auto& [id, x] : state.in_hand)
    ++in_hand[x.kind];
  auto free = std::vector<storage::job_quota>{};
  for (const auto& [kind, handler] : state.context->job_handlers) {
    const auto running_max = std::size_t{policy_of(state.context->config.jobs, kind).running_max};
    if (const auto running = in_hand[kind]; running < running_max)
      free.push_back({kind, running_max - running});
  }
  return free;
}

std::size_t free_of_all(const jobs_state& state) {
  const auto running_max = std::size_t{state.context->config.jobs.running_max};
  return running_max - std::min(state.in_hand.size() + state.held_up, running_max);
}

void hand_out(jobs_pointer self, claimed_job job) {
  auto& state = self->state;
  const auto& handle = state.context->job_handlers.find(job.kind)->second;
  const auto lease = job.lease;
  state.in_hand[lease.id] = {lease, job.kind, {}, {}, job.attempt};
  auto taken = std::make_shared<job_in_hand>();
  taken->job = std::move(job);
  taken->answer = std::make_shared<job_reply>([to = jobs_actor{self}, lease](job_outcome x) {
    caf::anon_send(to, finish_atom_v, job_end{lease, std::move(x)});
  });
  try {
    handle(std::move(taken)); // thrown or dropped: its reply says that it fell
  } catch (const std::exception& e) {
    log::error("job handler failed", {{"job", lease.id}, {"reason", std::string_view{e.what()}}});
  }
}

void start(jobs_pointer self, claimed_job job) {
  auto& state = self->state;
  const auto& policy = policy_of(state.context->config.jobs, job.kind);
  if (job.attempt <= static_cast<int>(policy.attempts_max)) {
    hand_out(self, std::move(job));
    return;
  }
  // Its last attempt took its node with it, or its lease: another one would do the same.
  state.completions.push_back({job.lease, job_state::dead, {}, "its lease ran out at the last attempt", {}});
  flush_soon(self);
}

void go_away(jobs_pointer self, const store_error& why) {
  auto& state = self->state;
  state.store = nullptr;
  if (!std::exchange(state.away, true))
    log::warn("jobs wait for the database", {{"reason", why.what()}});
  state.backoff = std::clamp(state.backoff * 2, state.context->config.database.probe_interval, backoff_max);
}

void be_back(jobs_state& state) {
  state.away = false;
  state.backoff = std::chrono::milliseconds{0};
}

/// One transaction, on a connection that is made when there is none.
storage::job_turn turn(jobs_state& state, std::span<const job_completion> completions,
                       const std::vector<storage::job_quota>& kinds, std::size_t jobs_max) {
  if (completions.empty() && (kinds.empty() || jobs_max == 0))
    return {};
  if (!state.store)
    state.store = state.context->open_job_store();
  for (const auto& x : completions)
    failpoint("fence_", x.lease.kind);
  auto found = state.store->turn(completions, kinds, jobs_max, state.context->config.jobs.lease);
  for (const auto id : found.left.lost)
    log::warn("job was completed too late", {{"job", id}});
  state.context->counters.job_completions_fenced.add(static_cast<double>(found.left.lost.size()));
  return found;
}

/// Of the completions, those remain that another transaction holds up.
void keep_held_up(jobs_state& state, const storage::job_ids& held_up) {
  std::erase_if(state.completions,
                [&](const auto& x) { return std::find(held_up.begin(), held_up.end(), x.lease.id) == held_up.end(); });
  state.held_up = state.completions.size();
}

/// Writes one completion. @returns whether it is over with: not when another transaction holds it up
bool complete_alone(jobs_state& state, const job_completion& x) {
  return turn(state, {&x, 1}, {}, 0).left.held_up.empty();
}

/// The same of one that may be what the database refuses: the job fails with that as the reason (law 6), or, should even this be
/// refused, is left to its lease.
bool complete_suspect(jobs_state& state, job_completion x) {
  try {
    return complete_alone(state, x);
  } catch (const store_error& e) {
    if (e.remedy() != sql_remedy::refused)
      throw;
    log::error("job result refused", {{"job", x.lease.id}, {"reason", e.what()}});
  }
  x.becomes = job_state::failed;
  x.result.clear();
  x.error = "the database refuses its result";
  try {
    return complete_alone(state, x);
  } catch (const store_error& e) {
    if (e.remedy() != sql_remedy::refused)
      throw;
    log::error("job set aside until its lease runs out", {{"job", x.lease.id}, {"reason", e.what()}});
    return true;
  }
}

/// The database refuses one of the completions: the others are written alone.
void complete_one_by_one(jobs_state& state) {
  auto held_up = std::vector<job_completion>{};
  const auto keep = [&] {
    state.completions.insert(state.completions.end(), held_up.begin(), held_up.end());
    state.held_up = held_up.size();
  };
  try {
    while (!state.completions.empty()) {
      if (!complete_suspect(state, state.completions.back()))
        held_up.push_back(state.completions.back());
      state.completions.pop_back();
    }
  } catch (const store_error&) {
    keep();
    throw;
  }
  keep();
}

/// Completes what is finished and claims what is due.
void flush(jobs_pointer self) {
  auto& state = self->state;
  state.flush_sent = false;
  if (state.context->job_handlers.empty())
    return;
  try {
    auto found = storage::job_turn{};
    try {
      found = turn(state, state.completions, quotas(state), state.context->draining ? 0 : free_of_all(state));
      keep_held_up(state, found.left.held_up);
    } catch (const store_error& e) {
      if (e.remedy() != sql_remedy::refused || state.completions.empty())
        throw;
      complete_one_by_one(state);
      flush_soon(self);
    }
    be_back(state);
    for (auto& x : found.claimed)
      start(self, std::move(x));
  } catch (const store_error& e) {
    go_away(self, e);
  }
}

void finish(jobs_pointer self, const job_end& end) {
  auto& state = self->state;
  const auto found = state.in_hand.find(end.lease.id);
  if (found == state.in_hand.end() || found->second.lease.token != end.lease.token)
    return; // from a time before this node had it again
  const auto job = std::move(found->second);
  state.in_hand.erase(found);
  state.context->counters.job_attempts.at({job.kind, result_label(end.outcome)}).add();
  if (!std::holds_alternative<job_completed_already>(end.outcome))
    state.completions.push_back(
        judge(job, end.outcome, policy_of(state.context->config.jobs, job.kind), state.context->chance()));
  flush_soon(self);
}

std::vector<job_lease> leases_in_hand(const jobs_state& state) {
  auto leases = std::vector<job_lease>{};
  for (const auto& [id, x] : state.in_hand)
    leases.push_back(x.lease);
  return leases;
}

/// With those of jobs whose completions are not written yet.
std::vector<job_lease> leases_held(const jobs_state& state) {
  auto leases = leases_in_hand(state);
  for (const auto& x : state.completions)
    leases.push_back(x.lease);
  return leases;
}

void renew(jobs_pointer self) {
  auto& state = self->state;
  const auto leases = leases_held(state);
  if (leases.empty() || !state.store)
    return;
  try {
    state.store->renew(leases, state.context->config.jobs.lease);
  } catch (const store_error& e) {
    go_away(self, e);
  }
}

/// At a stop: what is finished is written, what is not is another node's, at once.
void give_back(jobs_state& state) {
  const auto unfinished = leases_in_hand(state);
  if (unfinished.empty() && state.completions.empty())
    return;
  try {
    if (!state.store)
      state.store = state.context->open_job_store();
    if (!state.completions.empty())
      keep_held_up(state, turn(state, state.completions, {}, 0).left.held_up);
    state.store->release(unfinished);
  } catch (const store_error& e) {
    log::warn("jobs are left until their leases run out", {{"reason", e.what()}});
    state.store = nullptr; // the next one connects anew
  }
}

void tick_later(jobs_pointer self) {
  const auto& state = self->state;
  self->delayed_send(self, state.away ? state.backoff : state.context->config.jobs.poll_interval, tick_atom_v);
}

/// The node drains: the first time, what is done by a last moment from now is still completed here.
void leave(jobs_pointer self) {
  if (!std::exchange(self->state.leaving, true)) {
    flush_soon(self);
    self->delayed_send(self, last_moment, tick_atom_v);
    return;
  }
  give_back(self->state);
}

void renew_later(jobs_pointer self) {
  self->delayed_send(self, self->state.context->config.jobs.lease / renewals_per_lease, renew_atom_v);
}

} // namespace

jobs_actor::behavior_type jobs(jobs_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->set_exit_handler([self](caf::exit_msg& x) {
    give_back(self->state);
    self->quit(x.reason);
  });
  if (!self->state.context->job_handlers.empty()) {
    self->send(self, tick_atom_v);
    renew_later(self);
  }
  return {
      [self](hint_atom) {
        if (self->state.context->draining && !self->state.leaving)
          leave(self);
        else
          flush_soon(self);
      },
      [self](finish_atom, const job_end& end) { finish(self, end); },
      [self](flush_atom) { flush(self); },
      [self](tick_atom) {
        if (self->state.context->draining)
          return leave(self);
        flush(self);
        tick_later(self);
      },
      [self](renew_atom) {
        renew(self);
        renew_later(self);
      },
  };
}

} // namespace ingot
