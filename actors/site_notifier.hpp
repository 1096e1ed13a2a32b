#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Posts the event that `job` carries to its site's webhook, as actors/webhook_post says. Blocks.
job_outcome notify_site(const claimed_job& job, const node_context& context);

} // namespace ingot
