#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Fetches the release history of the project that `job` names and imports it; conditionally, when it was fetched before. What
/// goes wrong is kept with the project. A project that the server does not know is done. Blocks.
job_outcome fetch_releases(const claimed_job& job, const node_context& context);

/// The handler of jobs of kind `releases_fetch`. Each runs in a detached actor of its own, a RELEASES, which begins
/// settings.drupal.releases_pause after the one before. `context` outlives the actor system.
job_handler release_fetches(caf::actor_system& system, const node_context& context);

} // namespace ingot
