#pragma once

#include "actors/context.hpp"

namespace ingot {

struct metrics_state {
  static inline const char* name = "metrics";
  context_ptr context;
};

/// Gathers what only other actors know, then renders everything.
metrics_actor::behavior_type metrics_collector(metrics_actor::stateful_pointer<metrics_state> self, context_ptr context);

} // namespace ingot
