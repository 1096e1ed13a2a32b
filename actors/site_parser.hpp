#pragma once

#include "actors/context.hpp"

namespace ingot {

struct site_parser_state {
  static inline const char* name = "site parser";
  context_ptr context;
};

/// Unpacks and parses the bodies of syncs and passes what is sound to SITES.
site_parser_actor::behavior_type site_parser(site_parser_actor::stateful_pointer<site_parser_state> self, context_ptr context);

} // namespace ingot
