#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Lets credentials and followed repositories follow an installation of our App (kind `installation_sync`). Asks nobody but the
/// database. Blocks.
job_outcome sync_installation(const claimed_job& job, const node_context& context);

} // namespace ingot
