#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Sweeps contents that nobody refers to any more, out of the database and then out of the blob store, files of repositories that
/// were given up, and records of old syncs. Every step may be repeated, and none harms what a sync stores meanwhile: a content
/// that is stored anew has another key. Blocks.
job_outcome sweep_contents(const claimed_job& job, const node_context& context);

} // namespace ingot
