#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Brings one followed repository up to date (kind `content_sync`): what has changed is found out, listed, fetched and stored;
/// the last step is one transaction. Blocks.
job_outcome sync_contents(const claimed_job& job, const node_context& context);

/// Looks whether repositories have changed (kind `content_check`), and orders a sync of those that have. Blocks.
job_outcome check_contents(const claimed_job& job, const node_context& context);

} // namespace ingot
