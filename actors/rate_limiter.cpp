#include "actors/rate_limiter.hpp"

#include "actors/failure_guard.hpp"
#include "config/secrets.hpp"
#include "storage/rate_budgets.hpp"

#include <algorithm>
#include <utility>

namespace ingot {

namespace {

using namespace github::limiter;
using limiter_pointer = rate_limiter_actor::stateful_pointer<rate_limiter_state>;

/// A clock that was set back must not make it sleep.
constexpr auto tick_longest = std::chrono::microseconds{1'000'000};
constexpr auto tick_shortest = std::chrono::microseconds{1'000};

void note_waiting(rate_limiter_state& state) {
  const auto waiting = state.limiter->waiting();
  for (auto i = std::size_t{0}; i < waiting.size(); ++i)
    state.context->counters.permits_waiting.at({to_string(static_cast<contents::urgency>(i))})
        .set(static_cast<double>(waiting[i]));
}

void answer(rate_limiter_state& state, outcome& x) {
  const auto found = state.waiting.find(x.ticket);
  if (found == state.waiting.end())
    return;
  const auto reply = std::move(found->second);
  state.waiting.erase(found);
  auto& counters = state.context->counters;
  counters.permits.at({to_string(x.how), x.retry_at ? "refused" : "granted"}).add();
  if (x.retry_at)
    return (*reply)({std::nullopt, *x.retry_at, false});
  counters.permit_wait_seconds.observe(std::chrono::duration<double>{x.waited}.count());
  (*reply)({std::move(x.mark), {}, false});
}

/// Answers what is decided, reports what is to be reported, and sees to the next tick.
void go_on(limiter_pointer self) {
  auto& state = self->state;
  const auto now = state.context->now();
  for (auto& x : state.limiter->take_outcomes())
    answer(state, x);
  if (!state.exchanging)
    if (auto reports = state.limiter->take_reports(now); !reports.empty()) {
      state.exchanging = true;
      auto x = std::make_shared<rate_exchange>();
      x->reports = std::move(reports);
      self->send(state.keeper, exchange_atom_v, rate_exchange_ptr{std::move(x)});
    }
  const auto next = state.limiter->next();
  if (!next || (state.tick_at && *state.tick_at <= *next))
    return;
  const auto pause = std::clamp(*next - now, tick_shortest, tick_longest);
  state.tick_at = now + pause;
  self->delayed_send(self, pause, tick_atom_v);
}

void take_exchange(limiter_pointer self, const rate_exchange& x) {
  auto& state = self->state;
  state.exchanging = false;
  const auto now = state.context->now();
  if (x.failed)
    for (const auto& r : x.reports)
      state.limiter->failed(r, now);
  else
    for (const auto& a : x.answers)
      state.limiter->learn(a, now);
  note_waiting(state);
  go_on(self);
}

} // namespace

rate_limiter_actor::behavior_type rate_limiter(limiter_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  auto& state = self->state;
  state.context = std::move(context);
  const auto& settings = state.context->config.github_api;
  state.limiter.emplace(storage::limits_of(settings), random_token("").substr(0, 16), settings.permit_wait_max);
  state.keeper = self->spawn<caf::detached + caf::monitored>(rate_keeper, state.context, rate_limiter_actor{self});
  self->set_down_handler([self](caf::down_msg&) { self->quit(caf::sec::runtime_error); });
  self->set_exit_handler([self](caf::exit_msg& x) {
    auto last = std::make_shared<rate_exchange>();
    last->reports = self->state.limiter->give_back(self->state.context->now());
    if (!last->reports.empty())
      self->send(self->state.keeper, exchange_atom_v, rate_exchange_ptr{std::move(last)});
    self->send(self->state.keeper, stop_atom_v);
    self->quit(x.reason);
  });
  return {
      [self](acquire_atom, const permit_ptr& x) {
        auto& at = self->state;
        at.waiting.emplace(++at.tickets, x->answer);
        at.limiter->ask(at.tickets, x->order, at.context->now());
        go_on(self);
      },
      [self](settle_atom, const permit_settlement& x) {
        self->state.limiter->settle(x.mark, x.news, self->state.context->now(), x.lost);
        go_on(self);
      },
      [self](exchange_atom, const rate_exchange_ptr& x) { take_exchange(self, *x); },
      [self](collect_atom) { return self->state.limiter->view(self->state.context->now()); },
      [self](tick_atom) {
        self->state.tick_at.reset();
        self->state.limiter->tick(self->state.context->now());
        go_on(self);
      },
  };
}

} // namespace ingot
