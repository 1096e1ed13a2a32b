#include "actors/release_schedule.hpp"

#include "actors/failure_guard.hpp"

#include <string>

namespace ingot {

namespace {

using schedule_pointer = release_schedule_actor::stateful_pointer<release_schedule_state>;

/// After the database was away.
constexpr auto retry_pause = std::chrono::seconds{10};

void enqueue(schedule_pointer self) {
  const auto& context = *self->state.context;
  const auto interval = std::chrono::duration_cast<timestamp::duration>(context.config.drupal.releases_interval);
  const auto since_1970 = context.now().time_since_epoch();
  const auto number = since_1970 / interval;
  try {
    const auto projects = context.enqueue_release_fetches(std::to_string(interval.count()) + "#" + std::to_string(number));
    log::info("releases of Drupal projects are to be fetched", {{"projects", static_cast<std::int64_t>(projects)}});
    self->delayed_send(self, interval * (number + 1) - since_1970, tick_atom_v);
  } catch (const storage::store_error& e) {
    log::warn("fetching releases waits", {{"reason", e.what()}});
    self->delayed_send(self, std::min<timestamp::duration>(retry_pause, interval), tick_atom_v);
  }
  if (const auto handles = context.handles.load())
    self->send(handles->jobs, hint_atom_v);
}

} // namespace

release_schedule_actor::behavior_type release_schedule(schedule_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  self->send(self, tick_atom_v);
  return {[self](tick_atom) { enqueue(self); }};
}

} // namespace ingot
