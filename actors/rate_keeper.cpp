#include "actors/failure_guard.hpp"
#include "actors/rate_limiter.hpp"

#include <utility>

namespace ingot {

namespace {

using keeper_pointer = rate_keeper_actor::stateful_pointer<rate_keeper_state>;

constexpr auto sweep_interval = std::chrono::hours{1};

/// On a connection that is made when there is none.
template <class Work>
bool on_store(rate_keeper_state& state, const Work& work) {
  try {
    if (!state.store)
      state.store = state.context->open_rate_store();
    work(*state.store);
    if (std::exchange(state.away, false))
      log::info("rate limits are shared again");
    return true;
  } catch (const storage::store_error& e) {
    state.store = nullptr;
    if (!std::exchange(state.away, true))
      log::warn("rate limits are not shared: only what is leased is spent", {{"reason", e.what()}});
    return false;
  }
}

} // namespace

rate_keeper_actor::behavior_type rate_keeper(keeper_pointer self, context_ptr context, rate_limiter_actor limiter) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->state.limiter = limiter;
  self->monitor(limiter);
  // Behind what it sent before.
  self->set_down_handler([self](caf::down_msg&) { self->send(self, stop_atom_v); });
  self->delayed_send(self, sweep_interval, tick_atom_v);
  return {
      [self](exchange_atom, const rate_exchange_ptr& x) {
        x->failed = !on_store(self->state, [&](storage::rate_store& store) { x->answers = store.exchange(x->reports); });
        self->send(self->state.limiter, exchange_atom_v, x);
      },
      [self](stop_atom) { self->quit(); },
      [self](tick_atom) {
        on_store(self->state, [](storage::rate_store& store) { store.sweep(); });
        self->delayed_send(self, sweep_interval, tick_atom_v);
      },
  };
}

} // namespace ingot
