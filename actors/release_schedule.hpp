#pragma once

#include "actors/context.hpp"

namespace ingot {

struct release_schedule_state {
  static inline const char* name = "release schedule";
  context_ptr context;
};

/// Enqueues fetches of release histories, at its start and whenever another settings.drupal.releases_interval begins (counted
/// from 1970, so that all nodes mean the same ones and each project is enqueued once).
release_schedule_actor::behavior_type release_schedule(release_schedule_actor::stateful_pointer<release_schedule_state> self,
                                                       context_ptr context);

} // namespace ingot
