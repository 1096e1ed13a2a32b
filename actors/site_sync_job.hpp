#pragma once

#include "actors/context.hpp"

namespace ingot {

/// The kind of jobs that are syncs.
inline constexpr const char* site_sync_kind = "site_sync";

/// The job that `x` becomes when nobody waits for it. @pre x.body is unpacked, and sound
new_job site_sync_job(const sync_in_hand& x);

/// The handler of those jobs: passes each, with its lease, the way of a sync. Its transaction completes it. `context` outlives
/// the handler.
job_handler site_sync_jobs(const node_context& context);

} // namespace ingot
