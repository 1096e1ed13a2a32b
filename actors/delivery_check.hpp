#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Pages of GitHub's log of deliveries that one look reads, of 100 attempts each; the next look goes on.
inline constexpr unsigned log_pages_max = 100;

/// Deliveries that one look asks for again.
inline constexpr unsigned redelivered_max = 100;

/// Do the settings have this node look through GitHub's log? An App's takes the App's key, a hook's the node's token.
bool checks_deliveries(const github_api_settings& x);

/// Looks through GitHub's log of the App's (or a hook's) deliveries back to where it was looked through, and asks again for what
/// failed or never came (kind `delivery_check`). Blocks.
job_outcome check_deliveries(const claimed_job& job, const node_context& context);

} // namespace ingot
