#pragma once

#include "actors/context.hpp"

#include <chrono>
#include <vector>

namespace ingot {

struct node_state {
  static inline const char* name = "node";

  context_ptr context;
  actor_handles handles;

  /// Children that fell and are started anew at the next tick.
  bool commit_path_fell = false;     ///< a WRITER or the SPOOL: they start anew together, as each counts what the other was given
  std::size_t commit_path_alive = 0; ///< WRITERs and SPOOL that have not ended; the file and the rows have one owner at a time
  bool repositories_fell = false, sites_fell = false, auditor_fell = false, metrics_fell = false, jobs_fell = false,
       scheduler_fell = false, crawl_writer_fell = false, rate_limiter_fell = false;
  std::vector<std::size_t> readers_fell, site_parsers_fell;

  std::chrono::milliseconds backoff{0}; ///< before the next restart; doubles while things keep falling
  caf::actor_clock::time_point last_fall;
  bool tick_sent = false;
  bool stopping = false;
};

/// The root supervisor. Starts the actors in order and publishes their handles in the context; restarts what falls, with backoff.
/// When a WRITER or the SPOOL falls, both and all REPOSITORYs start anew: their senders have been answered `lost`, and what was
/// acknowledged is in the database or in the spool's file.
node_actor::behavior_type node(node_actor::stateful_pointer<node_state> self, context_ptr context, bool database_reachable);

} // namespace ingot
