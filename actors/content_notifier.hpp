#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Tells the settings' contents.changes_url of a sync that changed files: posts the payload of a `content_notify` job, signed.
/// Blocks.
job_outcome notify_of_changes(const claimed_job& job, const node_context& context);

} // namespace ingot
