#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Asks Stripe (`GET /v1/events?delivery_success=false`, the last 30 days) for events that it could not deliver, and applies
/// those whose ids were never taken, as if they had come by the webhook. A page that is applied stays applied when a later one
/// fails. Blocks.
job_outcome check_stripe(const claimed_job& job, const node_context& context);

} // namespace ingot
