#pragma once

#include "actors/context.hpp"

namespace ingot {

struct reader_state {
  static inline const char* name = "reader";
  context_ptr context;
  std::unique_ptr<storage::connection> db; ///< opened by the first query; dropped when it breaks
};

/// Runs queries that must not hold up anybody else: probes of the database, look-ups and changes of operators and sites.
/// The one that `maintains` also makes and drops partitions, once an hour.
reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self, context_ptr context, bool maintains);

} // namespace ingot
