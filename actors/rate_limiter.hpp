#pragma once

#include "actors/context.hpp"

#include <optional>
#include <unordered_map>

namespace ingot {

struct rate_limiter_state {
  static inline const char* name = "rate_limiter";

  context_ptr context;
  std::optional<github::limiter::node_limiter> limiter;
  rate_keeper_actor keeper;
  std::uint64_t tickets = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<permit_reply>> waiting;
  bool exchanging = false;
  std::optional<timestamp> tick_at; ///< a tick is under way for then
};

/// Grants permits (model/github/limiter). Its leases have a name of their own, so that one that falls leaves nothing to the next
/// but what its leases say.
rate_limiter_actor::behavior_type rate_limiter(rate_limiter_actor::stateful_pointer<rate_limiter_state> self,
                                               context_ptr context);

struct rate_keeper_state {
  static inline const char* name = "rate_keeper";

  context_ptr context;
  rate_limiter_actor limiter;
  std::unique_ptr<storage::rate_store> store;
  bool away = false;
};

/// Ends after the RATE LIMITER, with what that sent last.
rate_keeper_actor::behavior_type rate_keeper(rate_keeper_actor::stateful_pointer<rate_keeper_state> self, context_ptr context,
                                             rate_limiter_actor limiter);

} // namespace ingot
