#pragma once

#include "actors/protocol.hpp"

namespace ingot {

/// The handler of jobs of kind `noop`, for tests and benchmarks: each runs in an actor of its own. Its payload may say
/// {"sleep_ms": N} and {"fail": "transient" | "permanent" | "crash"}; its result is {"started_at", "finished_at"} in microseconds
/// since 1970, by the node's clock `now`.
job_handler noop_jobs(caf::actor_system& system, std::function<timestamp()> now);

} // namespace ingot
