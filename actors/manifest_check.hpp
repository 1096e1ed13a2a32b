#pragma once

#include "actors/github_job.hpp"

namespace ingot {

/// Looks at the manifests and the README of a followed repository (kind `manifest_check`): fetches what may have changed by
/// GitHub's contents API with conditional requests, validates it, and lists the servers. What is missing, moved, too large, no
/// UTF-8 or no JSON is a state of the place, not a failure of the job.
job_outcome check_manifests(const claimed_job& job, const node_context& context);

} // namespace ingot
