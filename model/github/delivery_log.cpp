#include "model/github/delivery_log.hpp"

#include <algorithm>
#include <unordered_map>

namespace ingot::github {

namespace {

/// Since the last request so much time must have passed that its delivery has come, or failed.
std::chrono::minutes pause_after(int asked) {
  const auto doubled = redelivery_pause_first * (1 << std::clamp(asked - 1, 0, 16));
  return std::min<std::chrono::minutes>(doubled, redelivery_pause_longest);
}

bool under_way(const missed_delivery& x, timestamp now) {
  return x.asked_at && now - *x.asked_at < pause_after(x.asked);
}

} // namespace

std::vector<logged_delivery> group_attempts(std::span<const api::hook_delivery> attempts) {
  auto out = std::vector<logged_delivery>{};
  auto places = std::unordered_map<std::string_view, std::size_t>{};
  for (const auto& x : attempts) {
    if (x.guid.empty())
      continue;
    const auto [place, is_new] = places.try_emplace(x.guid, out.size());
    if (is_new) {
      out.push_back({x.guid, x.id, x.event, x.action, x.status, x.delivered_at, x.delivered_at});
      continue;
    }
    auto& known = out[place->second];
    known.delivered_at = std::min(known.delivered_at, x.delivered_at);
    const auto newer = std::pair{x.delivered_at, x.id} > std::pair{known.newest_at, known.newest_id};
    if (newer) {
      known.newest_id = x.id;
      known.newest_at = x.delivered_at;
    }
    if (!known.delivered() && (newer || x.status == "OK"))
      known.status = x.status;
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.delivered_at < b.delivered_at; });
  return out;
}

bool is_missing(const logged_delivery& x, timestamp now) {
  return now - x.newest_at >= (x.delivered() ? delivered_grace : delivery_grace);
}

std::optional<std::string> judge_missed(const missed_delivery& x, timestamp now) {
  if (now - x.delivered_at >= redelivery_window)
    return "GitHub redelivers nothing older than three days";
  if (x.asked >= redeliveries_max && !under_way(x, now))
    return "it was asked for " + std::to_string(x.asked) + " times; its last status was: " + x.status;
  return std::nullopt;
}

bool is_due(const missed_delivery& x, timestamp now) {
  return x.unrecoverable.empty() && x.asked < redeliveries_max && !under_way(x, now);
}

} // namespace ingot::github
