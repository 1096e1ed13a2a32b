#pragma once

#include "actors/context.hpp"

#include <map>
#include <memory>
#include <tuple>

namespace ingot {

struct auditor_state {
  static inline const char* name = "auditor";

  using line_key = std::tuple<std::string, std::string, std::string, std::string>;

  struct lines {
    std::uint64_t count = 0;
    std::string request_id; ///< of the first of them
  };

  context_ptr context;
  std::map<line_key, lines> gathered;         ///< equal lines since the last write
  std::unique_ptr<storage::connection> chain; ///< seals; none while the database is away
  bool has_head = true;                       ///< has the chain one? Told when it has none
  std::uint64_t dropped = 0;                  ///< lines beyond the bound since the last write
};

/// Different lines that may wait; a flood of refusals from ever new addresses costs no more than this.
inline constexpr std::size_t audit_lines_max = 1'000;

/// Seals that one second makes at most, in batches of storage::audit_seal_batch.
inline constexpr std::size_t audit_seal_rounds_max = 20;

/// Writes audit lines once a second, and seals what all nodes have committed of them unless another node does. While the database
/// is away they gather, up to audit_lines_max.
auditor_actor::behavior_type auditor(auditor_actor::stateful_pointer<auditor_state> self, context_ptr context);

} // namespace ingot
