#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Reads the manifest of a repository that was submitted without one, and keeps it with its validation: a `submission_fetch` job.
/// Where there is none, that is what its report says. As github_work.
job_outcome fetch_submitted_manifest(const claimed_job& job, const node_context& context);

/// Lets the node itself follow the repository of an approved submission: a `submission_track` job. One that is followed already
/// is well. As github_work.
job_outcome track_submitted_repository(const claimed_job& job, const node_context& context);

} // namespace ingot
