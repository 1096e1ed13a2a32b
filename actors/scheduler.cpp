#include "actors/scheduler.hpp"

#include "actors/failure_guard.hpp"

#include <string>

namespace ingot {

namespace {

using scheduler_pointer = scheduler_actor::stateful_pointer<scheduler_state>;

/// After the database was away.
constexpr auto retry_pause = std::chrono::seconds{10};

/// A clock that is set anew is noticed after so long.
constexpr auto calendar_pause_max = milliseconds{600'000};

void enqueue_by_calendar(scheduler_pointer self, std::uint32_t index) {
  const auto& context = *self->state.context;
  const auto& schedule = context.schedules.at(index);
  const auto look = schedule.calendar(context.now());
  auto pause = std::clamp(look.next_in, milliseconds{1}, calendar_pause_max);
  try {
    if (!look.due.empty() && schedule.enqueue(look.due) > 0)
      log::info("scheduled", {{"what", schedule.name}, {"for", look.due}});
  } catch (const storage::store_error& e) {
    log::warn("a schedule waits", {{"what", schedule.name}, {"reason", e.what()}});
    pause = std::min<milliseconds>(pause, retry_pause);
  }
  self->delayed_send(self, pause, tick_atom_v, index);
  if (const auto handles = context.handles.load())
    self->send(handles->jobs, hint_atom_v);
}

void enqueue(scheduler_pointer self, std::uint32_t index) {
  const auto& context = *self->state.context;
  const auto& schedule = context.schedules.at(index);
  const auto interval = std::chrono::duration_cast<timestamp::duration>(schedule.interval);
  const auto since_1970 = context.now().time_since_epoch();
  const auto number = since_1970 / interval;
  try {
    const auto jobs = schedule.enqueue(std::to_string(interval.count()) + "#" + std::to_string(number));
    log::info("scheduled", {{"what", schedule.name}, {"jobs", static_cast<std::int64_t>(jobs)}});
    self->delayed_send(self, interval * (number + 1) - since_1970, tick_atom_v, index);
  } catch (const storage::store_error& e) {
    log::warn("a schedule waits", {{"what", schedule.name}, {"reason", e.what()}});
    self->delayed_send(self, std::min<timestamp::duration>(retry_pause, interval), tick_atom_v, index);
  }
  if (const auto handles = context.handles.load())
    self->send(handles->jobs, hint_atom_v);
}

} // namespace

scheduler_actor::behavior_type scheduler(scheduler_pointer self, context_ptr context) {
  guard_against_exceptions(self);
  self->state.context = std::move(context);
  for (auto i = std::uint32_t{0}; i < self->state.context->schedules.size(); ++i)
    self->send(self, tick_atom_v, i);
  return {[self](tick_atom, std::uint32_t index) {
    if (self->state.context->schedules.at(index).calendar)
      enqueue_by_calendar(self, index);
    else
      enqueue(self, index);
  }};
}

} // namespace ingot
