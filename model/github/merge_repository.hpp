#pragma once

#include "model/github/event.hpp"
#include "model/github/knowledge.hpp"

// How a repository's facts are merged. Only decide() uses it.

namespace ingot::github {

struct repository_gain {
  bool anything = false; ///< `known` changed, or has no row yet
  bool columns = false;  ///< the event's snapshot is the newest and says something else than the last
};

/// Merges what an event says of its repository.
/// @pre x.repository
repository_gain merge_repository(repository_state& known, const event& x);

/// Deleted stays: GitHub never gives an id again.
bool is_deleted(const repository_state& known) noexcept;

} // namespace ingot::github
