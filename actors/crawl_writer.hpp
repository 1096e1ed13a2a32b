#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace ingot {

struct crawl_writer_state {
  static inline const char* name = "crawl writer";

  struct waiting_request {
    crawl_ptr request;
    caf::actor_clock::time_point since; ///< when it came
  };

  context_ptr context;
  std::unique_ptr<storage::crawl_store> store; ///< null: connect first
  std::vector<waiting_request> batch;
  std::vector<waiting_request> busy; ///< whose sources other transactions held; they come before the batch
  bool flush_sent = false, retry_sent = false;
};

/// Parses crawl items and commits them in groups, without a timer: the first request sends `flush`, which lands behind those that
/// have arrived. Halves a batch that the database refuses until the refused request stands alone, then that one's items: what the
/// database refuses is named in its errors, the rest is stored. Nothing is spooled: while the database is away nobody can say
/// what is new, and the sender has its items still.
crawl_writer_actor::behavior_type crawl_writer(crawl_writer_actor::stateful_pointer<crawl_writer_state> self,
                                               context_ptr context);

} // namespace ingot
