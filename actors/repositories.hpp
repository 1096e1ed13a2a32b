#pragma once

#include "actors/context.hpp"
#include "actors/keyed_actors.hpp"

namespace ingot {

struct repositories_state {
  static inline const char* name = "repositories";

  context_ptr context;
  std::vector<writer_actor> writers;
  keyed_actors<repository_actor, delivery_ptr> children;
};

/// Keeps one REPOSITORY for each repository that is busy or was lately; lets the longest idle go beyond a number and an age.
repositories_actor::behavior_type repositories(repositories_actor::stateful_pointer<repositories_state> self, context_ptr context,
                                               std::vector<writer_actor> writers);

/// Which WRITER commits for that repository, or which thread works for that site.
std::size_t writer_of(std::int64_t key, std::size_t writers) noexcept;

} // namespace ingot
