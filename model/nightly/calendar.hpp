#pragma once

#include "model/nightly/cron.hpp"

namespace ingot::nightly {

/// What a schedule with jitter says at a moment.
struct due_time {
  std::optional<timestamp> due;       ///< the last time whose moment has come; nothing: none in nine years
  std::optional<timestamp> next_look; ///< when the next one's has
};

/// @param salt of this node: see put_off()
due_time due_at(const cron_schedule& of, std::chrono::milliseconds jitter, std::uint64_t salt, timestamp now);

} // namespace ingot::nightly
