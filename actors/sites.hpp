#pragma once

#include "actors/context.hpp"
#include "actors/keyed_actors.hpp"

namespace ingot {

struct sites_state {
  static inline const char* name = "sites";

  /// SITE WRITERs end with it.
  ~sites_state();

  context_ptr context;
  std::vector<site_writer_actor> writers;
  keyed_actors<site_actor, sync_ptr> children;
};

/// Keeps one SITE for each site that is busy or was lately, and the SITE WRITERs. A SITE WRITER that falls is started anew, and
/// all SITEs with it: what lay with it is answered `lost`.
sites_actor::behavior_type sites(sites_actor::stateful_pointer<sites_state> self, context_ptr context);

} // namespace ingot
