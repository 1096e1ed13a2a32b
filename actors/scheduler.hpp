#pragma once

#include "actors/context.hpp"

namespace ingot {

struct scheduler_state {
  static inline const char* name = "scheduler";
  context_ptr context;
};

/// Enqueues the jobs of each of the context's schedules, at its start and whenever another interval begins (counted from 1970, so
/// that all nodes mean the same ones and each is enqueued once); of those that go by a calendar, those of the time that was due
/// last.
scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self, context_ptr context);

} // namespace ingot
