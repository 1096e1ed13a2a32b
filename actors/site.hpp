#pragma once

#include "actors/context.hpp"

#include <deque>

namespace ingot {

struct site_state {
  static inline const char* name = "site";

  context_ptr context;
  std::int64_t id = 0;
  site_writer_actor writer;
  sites_actor parent;

  drupal::site_knowledge known; ///< what is stored, as of the last commit; not loaded when nobody knows
  std::deque<sync_ptr> waiting; ///< in order
  bool committing = false;
};

/// Syncs of one site go through one commit after the other, with the fingerprint of what is stored, so that an unchanged one is
/// told in memory.
site_actor::behavior_type site(site_actor::stateful_pointer<site_state> self, context_ptr context, std::int64_t id,
                               site_writer_actor writer, sites_actor parent);

} // namespace ingot
