#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace ingot {

struct site_writer_state {
  static inline const char* name = "site writer";

  /// A sync and the SITE that waits for it.
  struct waiting_sync {
    sync_ptr sync;
    caf::strong_actor_ptr from;
    caf::actor_clock::time_point since; ///< when it came
  };

  context_ptr context;
  std::unique_ptr<storage::site_store> store; ///< null: connect first
  std::vector<waiting_sync> batch;
  std::vector<waiting_sync> busy; ///< whose sites other transactions held
  bool flush_sent = false, retry_sent = false;
};

/// Group commit of syncs, without a timer: the first sends `flush`, which lands behind those that have arrived. Halves a batch
/// that the database refuses until the refused sync stands alone.
site_writer_actor::behavior_type site_writer(site_writer_actor::stateful_pointer<site_writer_state> self, context_ptr context);

} // namespace ingot
