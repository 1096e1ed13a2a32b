#pragma once

#include "actors/context.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace ingot {

struct jobs_state {
  static inline const char* name = "jobs";

  context_ptr context;
  std::unique_ptr<storage::job_store> store; ///< null: not connected

  /// With their handlers, by id; without payload and body.
  std::unordered_map<std::int64_t, claimed_job> in_hand;

  std::vector<job_completion> completions; ///< not written yet; at most so many as were in hand
  std::size_t held_up = 0;                 ///< of them, at the last turn: another transaction was in their way
  bool flush_sent = false;
  bool away = false;    ///< the database is; the next tick looks for it
  bool leaving = false; ///< the node stops: nothing is claimed any more
  std::chrono::milliseconds backoff{0};
};

/// Runs the jobs of the kinds that the context has handlers for. What has finished before the flush is completed in one
/// transaction, which claims what comes next as well; what another transaction holds up is completed at a later tick. While the
/// database is away nothing is claimed, and what finishes waits; a job whose lease runs out meanwhile is run by another node, and
/// its completion here is refused. Once the node drains nothing is claimed, and a moment later what is still in hand is given
/// back, so that another node has it while this one answers its last requests.
jobs_actor::behavior_type jobs(jobs_actor::stateful_pointer<jobs_state> self, context_ptr context);

} // namespace ingot
