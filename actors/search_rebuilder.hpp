#pragma once

#include "actors/context.hpp"

namespace ingot {

/// The handler of jobs of kind `search_rebuild`. Each runs in a detached actor of its own, a SEARCH REBUILDER, one short step
/// after the other; what another attempt or another node has done of it is not done again. `context` outlives the actor system.
job_handler search_rebuilds(caf::actor_system& system, const node_context& context);

} // namespace ingot
