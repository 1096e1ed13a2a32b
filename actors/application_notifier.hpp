#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Posts the news that `job` carries to the application's webhook (settings.application.notify_url), as actors/webhook_post says.
/// Blocks.
job_outcome notify_application(const claimed_job& job, const node_context& context);

} // namespace ingot
