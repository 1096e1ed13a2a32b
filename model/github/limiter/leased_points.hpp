#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <deque>

namespace ingot::github::limiter {

/// Points of the secondary limit that a node has leased: those of one exchange end together, and the oldest are spent first. It
/// also knows how many were spent of late, so that no more are leased than will be: what ends unspent is lost for the minute.
class leased_points {
public:
  std::int64_t all() const noexcept { return open_ + urgent_; }
  std::int64_t open() const noexcept { return open_; } ///< that background work may spend, too

  void add(std::int64_t open, std::int64_t urgent, timestamp until);

  /// @pre as many are there: of open() for background work, else of all()
  void spend(std::int64_t count, bool background, timestamp now);

  /// Drops those that have ended.
  void tick(timestamp now);

  /// So many will be spent before they end, going by those before: as many as of late, and a few.
  std::int64_t expected(timestamp now) const;

private:
  struct batch {
    timestamp until;
    std::int64_t open = 0, urgent = 0;
  };

  std::deque<batch> batches_; ///< in the order of their ends
  std::int64_t open_ = 0, urgent_ = 0;
  std::int64_t slot_ = 0, spent_ = 0, spent_before_ = 0; ///< in this slot of time, and the one before
};

} // namespace ingot::github::limiter
