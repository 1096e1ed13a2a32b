#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Does the rollup whose run `job` belongs to. Blocks.
job_outcome roll_up(const claimed_job& job, const node_context& context);

/// The handler of jobs of kind `rollup`; each runs in a detached actor of its own. `context` outlives the actor system.
job_handler rollup_jobs(caf::actor_system& system, const node_context& context);

} // namespace ingot
