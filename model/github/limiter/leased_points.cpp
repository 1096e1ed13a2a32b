#include "model/github/limiter/leased_points.hpp"

#include "model/github/limiter/shared_budget.hpp"

#include <algorithm>

namespace ingot::github::limiter {

namespace {

/// Ends that lie so close are one: many exchanges make few batches.
constexpr auto nearness = std::chrono::milliseconds{100};

/// So that whoever becomes busier need not ask for each.
constexpr auto expected_more = std::int64_t{8};

} // namespace

void leased_points::add(std::int64_t open, std::int64_t urgent, timestamp until) {
  if (open + urgent == 0)
    return;
  open_ += open;
  urgent_ += urgent;
  if (!batches_.empty() && until < batches_.back().until + nearness) {
    batches_.back().open += open;
    batches_.back().urgent += urgent;
  } else {
    batches_.push_back({until, open, urgent});
  }
}

void leased_points::spend(std::int64_t count, bool background, timestamp now) {
  const auto slot = now.time_since_epoch() / point_slot;
  if (slot != slot_) {
    spent_before_ = slot == slot_ + 1 ? spent_ : 0;
    spent_ = 0;
    slot_ = slot;
  }
  spent_ += count;
  for (auto& x : batches_) {
    const auto urgent = background ? 0 : std::min(x.urgent, count);
    const auto open = std::min(x.open, count - urgent);
    x.urgent -= urgent;
    x.open -= open;
    urgent_ -= urgent;
    open_ -= open;
    count -= urgent + open;
  }
}

void leased_points::tick(timestamp now) {
  while (!batches_.empty() && batches_.front().until <= now) {
    open_ -= batches_.front().open;
    urgent_ -= batches_.front().urgent;
    batches_.pop_front();
  }
}

std::int64_t leased_points::expected(timestamp now) const {
  const auto slot = now.time_since_epoch() / point_slot;
  const auto lately = slot == slot_ ? std::max(spent_, spent_before_) : slot == slot_ + 1 ? spent_ : 0;
  return lately + expected_more;
}

} // namespace ingot::github::limiter
