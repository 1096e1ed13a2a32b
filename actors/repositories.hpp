#pragma once

#include "actors/context.hpp"

#include <chrono>
#include <list>
#include <unordered_map>

namespace ingot {

struct repositories_state {
  static inline const char* name = "repositories";

  struct entry {
    repository_actor handle;
    caf::actor_clock::time_point last_used;
    std::list<std::int64_t>::iterator by_age;
    bool leaving = false; ///< asked to end; what comes meanwhile waits here, in order
    std::vector<delivery_ptr> waiting;
  };

  /// Orphans have nobody who would let them go. (A monitor in each child would leave a trace here for every child that ever
  /// lived.)
  ~repositories_state();

  context_ptr context;
  std::vector<writer_actor> writers;
  std::unordered_map<std::int64_t, entry> entries;
  std::unordered_map<caf::actor_addr, std::int64_t> by_address;
  std::list<std::int64_t> oldest_first;
  std::size_t let_go = 0; ///< since memory was last given back
};

/// Keeps one REPOSITORY for each repository that is busy or was lately; lets the longest idle go beyond a number and an age.
repositories_actor::behavior_type repositories(repositories_actor::stateful_pointer<repositories_state> self, context_ptr context,
                                               std::vector<writer_actor> writers);

/// Which WRITER commits for that repository.
std::size_t writer_of(std::int64_t repository_id, std::size_t writers) noexcept;

} // namespace ingot
