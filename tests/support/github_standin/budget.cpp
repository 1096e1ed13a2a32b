#include "tests/support/github_standin/budget.hpp"

#include <algorithm>
#include <numeric>

namespace ingot::testing {

namespace {

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(budget_book::clock::now().time_since_epoch()).count();
}

} // namespace

std::int64_t budget_book::limit_of(const std::string& who, const std::string& resource) const {
  if (who == "anonymous")
    return resource == "core" ? rules.anonymous : 0;
  return resource == "graphql" ? rules.graphql : rules.core;
}

budget_book::window& budget_book::renew(const std::string& who, const std::string& resource) {
  auto& out = windows_[{who, resource}];
  if (out.reset <= now_seconds())
    out = {0, now_seconds() + rules.window_seconds};
  return out;
}

budget_book::verdict budget_book::begin(const std::string& who, const std::string& resource, std::uint32_t points, bool metered) {
  auto& running = at_once_[who];
  ++running;
  const auto now = clock::now();
  auto& spent = points_[{who, resource}];
  while (!spent.empty() && spent.front().first < now - std::chrono::minutes{1})
    spent.pop_front();
  const auto sum = std::accumulate(spent.begin(), spent.end(), std::size_t{points},
                                   [](std::size_t all, const auto& x) { return all + x.second; });
  const auto points_max = resource == "graphql" ? rules.graphql_points_per_minute : rules.points_per_minute;
  if (running > rules.at_once)
    return {verdict::is::over_secondary, "more than " + std::to_string(rules.at_once) + " requests at once"};
  if (sum > points_max)
    return {verdict::is::over_secondary, "more than " + std::to_string(points_max) + " points in a minute"};
  spent.emplace_back(now, points);
  auto& primary = renew(who, resource);
  if (metered && primary.used >= limit_of(who, resource))
    return {verdict::is::over_primary, "API rate limit exceeded"};
  if (metered)
    ++primary.used;
  return {};
}

void budget_book::leave(const std::string& who) {
  --at_once_[who];
}

void budget_book::give_back(const std::string& who, const std::string& resource) {
  auto& primary = renew(who, resource);
  primary.used = std::max<std::int64_t>(primary.used - 1, 0);
}

budget_book::window budget_book::at(const std::string& who, const std::string& resource) const {
  const auto found = windows_.find({who, resource});
  if (found == windows_.end() || found->second.reset <= now_seconds())
    return {0, now_seconds() + rules.window_seconds};
  return found->second;
}

budget_book::headers budget_book::headers_of(const std::string& who, const std::string& resource) const {
  const auto now = at(who, resource);
  const auto limit = limit_of(who, resource);
  const auto used = std::min(now.used, limit);
  return {{"x-ratelimit-limit", std::to_string(limit)},
          {"x-ratelimit-remaining", std::to_string(limit - used)},
          {"x-ratelimit-used", std::to_string(used)},
          {"x-ratelimit-reset", std::to_string(now.reset)},
          {"x-ratelimit-resource", resource}};
}

void budget_book::set_used(const std::string& who, const std::string& resource, std::int64_t used) {
  renew(who, resource).used = used;
}

} // namespace ingot::testing
