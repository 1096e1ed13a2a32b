#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Does the rollup whose run `job` belongs to. Blocks.
job_outcome roll_up(const claimed_job& job, const node_context& context);

} // namespace ingot
