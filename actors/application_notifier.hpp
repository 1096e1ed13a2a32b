#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Posts the news that `job` carries to the application's webhook (settings.application.notify_url), as actors/webhook_post says.
/// Blocks.
job_outcome notify_application(const claimed_job& job, const node_context& context);

/// The handler of jobs of kind `notify`. Each runs in a detached actor of its own; the kind's running_max bounds them. `context`
/// outlives the actor system.
job_handler application_notifications(caf::actor_system& system, const node_context& context);

} // namespace ingot
