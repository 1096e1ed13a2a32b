#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Looks at the repository of a submission, a `submission_fetch` job: its README, and its manifest at one of mcp.manifest_paths.
/// That is kept with its validation, unless its submitter gave another text: then it is told whether both say the same. As
/// github_work.
job_outcome look_at_submitted_repository(const claimed_job& job, const node_context& context);

/// Lets the node itself follow the repository of an approved submission: a `submission_track` job. One that is followed already
/// is well. As github_work.
job_outcome track_submitted_repository(const claimed_job& job, const node_context& context);

} // namespace ingot
