#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Posts the event that `job` carries to its site's webhook, as actors/webhook_post says. Blocks.
job_outcome notify_site(const claimed_job& job, const node_context& context);

/// The handler of jobs of kind `site_notify`. Each runs in a detached actor of its own, a NOTIFIER, so that no slow receiver
/// holds up another one's; the kind's running_max bounds them. `context` outlives the actor system.
job_handler site_notifications(caf::actor_system& system, const node_context& context);

} // namespace ingot
