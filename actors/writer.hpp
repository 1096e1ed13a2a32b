#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace ingot {

struct writer_state {
  static inline const char* name = "writer";

  struct waiting_group {
    group_ptr group;
    caf::strong_actor_ptr from; ///< who gets `committed`; null: nobody
  };

  context_ptr context;
  std::uint32_t index = 0;
  spool_actor spool;
  std::unique_ptr<storage::batch_store> store; ///< null: not connected

  std::vector<waiting_group> batch;
  std::size_t batch_items = 0, batch_bytes = 0;
  bool flush_sent = false;

  /// The database is away, or the spool is not drained: what comes goes to the SPOOL, behind what is there.
  bool through_spool = false;

  /// The SPOOL is empty but for what is on its way there: what comes now waits until that is drained too, so that this state ends
  /// under any load.
  bool holding = false;

  /// Deliveries given to the SPOOL since the start; equal to its own count when none is on the way.
  std::uint64_t forwarded = 0;
};

/// Commits groups. The first to arrive sends `flush`, which lands behind all that has arrived by then: what comes during one
/// COMMIT is the next batch, and a lone delivery waits for nobody. A batch that the database refuses is halved until the one that
/// it refuses stands alone.
writer_actor::behavior_type writer(writer_actor::stateful_pointer<writer_state> self, context_ptr context, std::uint32_t index,
                                   spool_actor spool, bool through_spool);

} // namespace ingot
