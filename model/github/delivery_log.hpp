#pragma once

#include "model/github/api/values.hpp"
#include "model/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What GitHub's log of a hook's deliveries tells. GitHub never repeats a delivery by itself; whoever asks within three days gets
/// it again, under the same guid.
namespace ingot::github {

/// A delivery younger than this may be on its way still: nothing is said of it.
inline constexpr std::chrono::minutes delivery_grace{2};

/// One that GitHub calls delivered, and that is not in the database, may lie in a node's spool; after this it is asked for again,
/// which costs nothing when it comes twice.
inline constexpr std::chrono::minutes delivered_grace{30};

/// GitHub redelivers no older ones.
inline constexpr std::chrono::hours redelivery_window{72};

/// How often one is asked for; with pauses that double, from the first one up to the longest.
inline constexpr int redeliveries_max = 8;
inline constexpr std::chrono::minutes redelivery_pause_first{10};
inline constexpr std::chrono::minutes redelivery_pause_longest{360};

/// All attempts at one delivery, as the log has them.
struct logged_delivery {
  std::string guid;
  std::int64_t newest_id = 0; ///< of the newest attempt: by it, it is asked for again
  std::string event, action;
  std::string status;       ///< of the newest attempt; `OK` when any attempt was
  timestamp delivered_at{}; ///< of the first attempt that is listed
  timestamp newest_at{};

  bool delivered() const { return status == "OK"; }
};

/// Attempts in any order, grouped by guid, in the order of their first ones. Those without a guid are left out.
std::vector<logged_delivery> group_attempts(std::span<const api::hook_delivery> attempts);

/// Is one that has not arrived to be counted as missing by now?
bool is_missing(const logged_delivery& x, timestamp now);

/// A delivery that did not arrive.
struct missed_delivery {
  std::string guid;
  std::int64_t delivery_id = 0;
  std::string event, action, status;
  timestamp delivered_at{};
  int asked = 0; ///< how often it was asked for again
  std::optional<timestamp> asked_at;
  std::string unrecoverable; ///< why it is not asked for any more; empty: it is
};

/// Why it cannot be had any more, as a sentence; nothing while it can.
std::optional<std::string> judge_missed(const missed_delivery& x, timestamp now);

/// Is it to be asked for now? Not while the last request is under way.
bool is_due(const missed_delivery& x, timestamp now);

} // namespace ingot::github
