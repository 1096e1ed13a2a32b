#pragma once

#include "actors/context.hpp"

#include <map>
#include <tuple>

namespace ingot {

struct auditor_state {
  static inline const char* name = "auditor";

  using line_key = std::tuple<std::string, std::string, std::string, std::string>;

  context_ptr context;
  std::map<line_key, std::uint64_t> gathered; ///< equal lines since the last write, counted
  std::uint64_t dropped = 0;                  ///< lines beyond the bound since the last write
};

/// Different lines that may wait; a flood of refusals from ever new addresses costs no more than this.
inline constexpr std::size_t audit_lines_max = 1'000;

/// Writes audit lines once a second. While the database is away they gather, up to audit_lines_max.
auditor_actor::behavior_type auditor(auditor_actor::stateful_pointer<auditor_state> self, context_ptr context);

} // namespace ingot
