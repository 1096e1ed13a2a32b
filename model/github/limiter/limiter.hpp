#pragma once

#include "model/github/limiter/shared_budget.hpp"
#include "model/github/limiter/waiting_lines.hpp"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ingot::github::limiter {

class budget;

/// What a permit remembers until it is settled.
struct permit_mark {
  std::shared_ptr<budget> of;
  resource from = resource::core;
  contents::urgency how = contents::urgency::fallback;
  timestamp granted_at{};
  std::int64_t floor = 0, generation = 0; ///< as observation has them
};

/// What became of one that asked.
struct outcome {
  std::uint64_t ticket = 0;
  contents::urgency how = contents::urgency::fallback;
  microseconds waited{0};
  permit_mark mark;                  ///< of a grant
  std::optional<timestamp> retry_at; ///< refused: not before it
};

/// A budget as this node sees it, for people.
struct budget_view {
  std::string budget;
  struct part {
    std::int64_t limit = 0, unspent = 0, reserve = 0; ///< by the row, at the last exchange
    std::int64_t leased = 0, points = 0;              ///< by this node, not spent yet
    std::int64_t granted = 0;                         ///< by this node since it knows the budget
    bool observed = false, unmetered = false;
    std::optional<timestamp> ends_at;
    std::array<std::size_t, contents::urgencies> waiting{};
  };
  std::array<part, resources> parts;
  std::int64_t in_flight = 0, at_once = 0;
  std::optional<timestamp> blocked_until;
};

/// One node's limiter: grants permits from what it has leased, and says what is to be reported to the shared rows. A decision is
/// O(1) in those who wait. No clock of its own; `now` never goes back by more than a clock is set. Not thread-safe.
class node_limiter {
public:
  static constexpr auto waiting_max = std::size_t{10'000}; ///< of one budget; past it one is refused
  static constexpr auto budgets_max = std::size_t{10'000};
  static constexpr auto reports_max = std::size_t{64}; ///< in one exchange
  static constexpr auto renew_after = seconds{5};      ///< a lease in use
  static constexpr auto idle_return = seconds{2};      ///< nothing was asked for so long: leases are given back
  static constexpr auto forget_after = seconds{60};    ///< and so long: the budget is forgotten
  static constexpr auto fruitless_pause = std::chrono::milliseconds{250}; ///< after an exchange that gave nothing
  static constexpr auto full_pause = seconds{10};                         ///< one who found no room may come again

  /// @param node of the leases; never the same twice @param wait_max one waits for a permit so long at most
  node_limiter(const limits& of, std::string node, microseconds wait_max);
  ~node_limiter();

  /// Its outcome follows at once, or by a later call.
  void ask(std::uint64_t ticket, const permit_order& x, timestamp now);

  /// Once for every grant. @param lost the permit was dropped, and may have been used
  void settle(const permit_mark& x, const rate_news& news, timestamp now, bool lost = false);

  /// Time passes: leases end, who has waited too long is refused.
  void tick(timestamp now);

  /// What has been decided since the last call.
  std::vector<outcome> take_outcomes() { return std::exchange(outcomes_, {}); }

  /// Of budgets that need an exchange with their rows now, sorted by name; each is answered by learn() or by failed().
  std::vector<report> take_reports(timestamp now);
  void learn(const answer& x, timestamp now);
  void failed(const report& x, timestamp now);

  /// All leases, to be given back at the end. Nothing may be asked after it.
  std::vector<report> give_back(timestamp now);

  /// When tick() and take_reports() have something to do without being told; nothing: never.
  std::optional<timestamp> next() const;

  std::vector<budget_view> view(timestamp now) const;
  std::array<std::size_t, contents::urgencies> waiting() const;

private:
  budget* budget_of(const permit_order& x, timestamp now);
  void attend(budget& x, timestamp now);
  void put_off(budget& x);

  limits limits_;
  std::string node_;
  microseconds wait_max_;
  std::unordered_map<std::string, std::shared_ptr<budget>> budgets_;
  std::set<std::pair<timestamp, budget*>> agenda_; ///< when each budget needs attention next
  std::vector<budget*> to_report_;
  std::vector<outcome> outcomes_;
};

} // namespace ingot::github::limiter
