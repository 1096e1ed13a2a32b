#pragma once

#include "actors/context.hpp"

#include <memory>
#include <vector>

namespace ingot {

struct spool_state {
  static inline const char* name = "spool";

  struct arrival {
    std::uint32_t client;
    std::vector<delivery_ptr> deliveries;
  };

  context_ptr context;
  reader_actor prober;
  std::vector<spool_client> clients;
  std::unique_ptr<storage::spool> file;   ///< null: could not be opened
  std::size_t damage_told = 0;            ///< characters of the file's damage() that the log has
  caf::actor_clock::time_point reopen_at; ///< not before this is a file that failed opened anew

  std::vector<arrival> arrived;
  bool flush_sent = false;

  /// Deliveries of each client that were dealt with, kept or refused; a client compares it with what it forwarded.
  std::vector<std::uint64_t> dealt_with;

  enum class phase : std::uint8_t { resting, probing, draining };
  phase now = phase::resting;
  /// Deliveries in one drain: halved when one fails (a database that is slow once would be too slow for ever), doubled when one
  /// succeeds.
  std::size_t drain_items = 0;
  bool asked = false; ///< a probe or a drain is on its way
};

/// Keeps deliveries on disk while the database is away; then looks for it, drains in order and tells its clients when nothing is
/// left.
spool_actor::behavior_type spool(spool_actor::stateful_pointer<spool_state> self, context_ptr context, reader_actor prober);

} // namespace ingot
