#pragma once

#include "actors/context.hpp"

#include <deque>

namespace ingot {

struct repository_state {
  static inline const char* name = "repository";

  context_ptr context;
  std::int64_t id = 0; ///< GitHub's number
  writer_actor writer;
  repositories_actor parent;

  /// What its rows hold; `loaded` is false until a commit has told.
  github::knowledge known;

  /// Deliveries that came while a group was on its way.
  std::deque<delivery_ptr> waiting;

  /// Groups since the cache was last weighed: weighing walks all of it.
  unsigned groups_since_trim = 0;

  /// A group is with the WRITER.
  bool committing = false;
};

/// Decides what the deliveries of one repository change. At most one group is on its way at a time, so that a decision never
/// stands on one that may fail; what arrives meanwhile becomes the next group.
repository_actor::behavior_type repository(repository_actor::stateful_pointer<repository_state> self, context_ptr context,
                                           std::int64_t id, writer_actor writer, repositories_actor parent);

} // namespace ingot
