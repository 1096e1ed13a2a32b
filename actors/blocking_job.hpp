#pragma once

#include "actors/context.hpp"

#include <functional>

namespace ingot {

/// Work of a job that blocks: it asks the network or the database and waits.
using blocking_work = std::function<job_outcome(const claimed_job&, const node_context&)>;

/// Hands such jobs to a detached actor each, so that no slow one holds up another; the kind's running_max bounds how many there
/// are. What `work` throws is a failure for now. `system` and `context` outlive it.
job_handler blocking_jobs(caf::actor_system& system, const node_context& context, blocking_work work);

} // namespace ingot
