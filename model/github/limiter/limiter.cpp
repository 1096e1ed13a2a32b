#include "model/github/limiter/limiter.hpp"

#include "model/github/limiter/budget.hpp"

#include <algorithm>

namespace ingot::github::limiter {

node_limiter::node_limiter(const limits& of, std::string node, microseconds wait_max)
    : limits_{of}, node_{std::move(node)}, wait_max_{wait_max} {}

node_limiter::~node_limiter() = default;

budget* node_limiter::budget_of(const permit_order& x, timestamp now) {
  if (const auto found = budgets_.find(x.budget); found != budgets_.end())
    return found->second.get();
  if (budgets_.size() >= budgets_max)
    return nullptr;
  return budgets_.emplace(x.budget, std::make_shared<budget>(x.budget, limits_, wait_max_, now)).first->second.get();
}

/// Grants, refuses, and notes when it is next.
void node_limiter::attend(budget& x, timestamp now) {
  x.attend(now, outcomes_);
  if (const auto at = x.report_at(now); at && *at <= now && !std::exchange(x.listed, true))
    to_report_.push_back(&x);
  const auto due = x.listed ? std::nullopt : x.due_at(now);
  if (due == x.noted)
    return;
  if (x.noted)
    agenda_.erase({*x.noted, &x});
  if (due)
    agenda_.emplace(*due, &x);
  x.noted = due;
}

void node_limiter::ask(std::uint64_t ticket, const permit_order& x, timestamp now) {
  auto* of = budget_of(x, now);
  if (of == nullptr) {
    outcomes_.push_back({ticket, x.how, {}, {}, now + full_pause});
    return;
  }
  of->ask(ticket, x, now, outcomes_);
  attend(*of, now);
}

void node_limiter::settle(const permit_mark& x, const rate_news& news, timestamp now, bool lost) {
  x.of->settle(x, news, now, lost);
  attend(*x.of, now);
}

void node_limiter::tick(timestamp now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    auto& x = *agenda_.begin()->second;
    agenda_.erase(agenda_.begin());
    x.noted.reset();
    if (x.forgettable(now)) {
      const auto name = x.name();
      budgets_.erase(name);
      continue;
    }
    attend(x, now);
    if (x.noted && *x.noted <= now) // never twice in one call
      break;
  }
}

std::vector<report> node_limiter::take_reports(timestamp now) {
  const auto count = std::min(to_report_.size(), reports_max);
  auto out = std::vector<report>{};
  for (auto i = std::size_t{0}; i < count; ++i) {
    to_report_[i]->listed = false;
    out.push_back(to_report_[i]->make_report(node_, now));
    attend(*to_report_[i], now);
  }
  to_report_.erase(to_report_.begin(), to_report_.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(out.begin(), out.end(), [](const report& a, const report& b) { return a.budget < b.budget; });
  return out;
}

void node_limiter::learn(const answer& x, timestamp now) {
  if (const auto found = budgets_.find(x.budget); found != budgets_.end()) {
    found->second->learn(x, now);
    attend(*found->second, now);
  }
}

void node_limiter::failed(const report& x, timestamp now) {
  if (const auto found = budgets_.find(x.budget); found != budgets_.end()) {
    found->second->failed(now);
    attend(*found->second, now);
  }
}

std::vector<report> node_limiter::give_back(timestamp now) {
  auto out = std::vector<report>{};
  for (const auto& [name, x] : budgets_)
    out.push_back(x->make_last_report(node_, now));
  std::sort(out.begin(), out.end(), [](const report& a, const report& b) { return a.budget < b.budget; });
  return out;
}

std::optional<timestamp> node_limiter::next() const {
  return agenda_.empty() ? std::nullopt : std::optional{agenda_.begin()->first};
}

std::vector<budget_view> node_limiter::view(timestamp now) const {
  auto out = std::vector<budget_view>{};
  for (const auto& [name, x] : budgets_)
    out.push_back(x->view(now));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.budget < b.budget; });
  return out;
}

std::array<std::size_t, contents::urgencies> node_limiter::waiting() const {
  auto out = std::array<std::size_t, contents::urgencies>{};
  for (const auto& [name, x] : budgets_)
    for (const auto from : {resource::core, resource::graphql})
      for (auto i = std::size_t{0}; i < contents::urgencies; ++i)
        out[i] += x->lines(from)[static_cast<contents::urgency>(i)].size();
  return out;
}

} // namespace ingot::github::limiter
