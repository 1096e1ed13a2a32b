#pragma once

#include "model/github/api/permits.hpp"
#include "model/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The limits of GitHub's API, shared by nodes ("Rate limits for the REST API", "Rate limits and query limits for the GraphQL
/// API"). Nodes lease slices of what one database row says is left, and tell it what they spent and what GitHub said. This is the
/// arithmetic of that row; no clock, no database.
namespace ingot::github::limiter {

using std::chrono::microseconds;
using std::chrono::seconds;

/// The settings of all budgets.
struct limits {
  unsigned requests_at_once = 80;   ///< of a budget; GitHub allows 100, REST and GraphQL together
  unsigned points_per_minute = 800; ///< of a budget, REST; GitHub allows 900. GraphQL has twice as many: GitHub allows 2,000
  unsigned reserve_percent = 20;    ///< of each of them that fallback and nightly never take
};

inline constexpr auto graphql_points_factor = std::int64_t{2};

/// What is taken for the primary limit before the first answer, and what may be spent of a window before its first: GitHub's
/// smallest limit, that of nobody.
inline constexpr auto unknown_limit = std::int64_t{60};

inline constexpr auto lease_use = seconds{20};       ///< a node spends what it leased for so long
inline constexpr auto lease_keep = seconds{60};      ///< and then has so long until its requests are over: nobody else has them
inline constexpr auto point_slot = seconds{5};       ///< points are leased for so long, and counted in slots of that length
inline constexpr auto point_slots = std::size_t{14}; ///< any lease of the last 65 s lies in these: 60 s, and as long as a lease
inline constexpr auto window_length = seconds{3'600};
inline constexpr auto window_slack = seconds{1};  ///< a window is over so long after its end
inline constexpr auto reset_jitter = seconds{2};  ///< ends that differ by less are of one window
inline constexpr auto strike_first = seconds{60}; ///< a secondary limit without a time: this long, then twice as long, …
inline constexpr auto strike_longest = seconds{3'600};
inline constexpr auto strike_memory = seconds{600};  ///< a limit that comes later is the first again
inline constexpr auto leases_max = std::size_t{256}; ///< of one budget; past it a node waits
inline constexpr auto unmetered_slice = std::int64_t{1'000};

/// When nothing may be sent for a budget.
struct penalty {
  std::optional<timestamp> blocked_until;
  unsigned strikes = 0;  ///< secondary limits without a time, one after the other
  timestamp struck_at{}; ///< when the last of them was told

  bool blocks(timestamp now) const noexcept { return blocked_until && *blocked_until > now; }
  void block(timestamp until) noexcept;

  /// A request that was granted at `granted` met a secondary limit that named no time. One that was granted before the last
  /// strike belongs to it.
  void strike(timestamp granted, timestamp now) noexcept;

  /// What both know.
  void join(const penalty& x) noexcept;
};

/// What an answer said of a primary limit.
struct observation {
  std::int64_t limit = 0, remaining = 0;
  std::optional<timestamp> reset;
  std::int64_t generation = 0; ///< of the window that the permit was granted in
  std::int64_t floor = 0;      ///< of our nodes' requests, GitHub had counted so many of that window at least
  timestamp granted_at{};      ///< of the permit
  bool unmetered = false;      ///< answers come without a limit (a GitHub Enterprise Server has none): nothing else counts then
};

/// One primary limit, and the points of the secondary one.
struct window {
  std::int64_t limit = unknown_limit;
  std::int64_t spent = 0;      ///< by our nodes, as far as they told
  std::int64_t elsewhere = 0;  ///< by others, at most, at the last observation
  std::int64_t generation = 0; ///< moves with every window
  bool observed = false;       ///< an answer of this window is known
  bool unmetered = false;
  timestamp observed_at{};                        ///< when the request was granted that it is known from
  std::optional<timestamp> ends_at;               ///< GitHub's reset; not observed: an hour after the last lease
  std::int64_t slot = 0;                          ///< newest of the slots
  std::array<std::int64_t, point_slots> points{}; ///< leased by slot; slot n at n % point_slots

  /// That our limit is now.
  std::int64_t usable() const noexcept { return observed ? limit : std::min(limit, unknown_limit); }
  /// That nobody has spent.
  std::int64_t unspent() const noexcept { return usable() - spent - elsewhere; }
  /// Of usable(), that background work may not take.
  std::int64_t reserve(const limits& of) const noexcept { return usable() * of.reserve_percent / 100; }

  std::int64_t points_leased(timestamp now) const noexcept; ///< that may still be spent within the minute
  void lease_points(std::int64_t count, timestamp now) noexcept;
};

/// What a node may use until it expires.
struct lease {
  std::string node;
  std::array<std::int64_t, resources> requests{}; ///< in flight, or not spent yet
  std::int64_t at_once = 0;
  timestamp expires_at{}; ///< lapsed then: its at_once are free, its requests once GitHub has counted them or not
};

struct shared_budget {
  std::string name;
  std::array<window, resources> windows;
  penalty blocked;
  std::vector<lease> leases;
};

/// What a node tells, and what it wants.
struct report {
  struct part {
    std::int64_t spent = 0;                                       ///< since the last report: answered and not free, or lost
    std::int64_t kept = 0;                                        ///< leased, and in flight or not spent yet
    std::int64_t wanted = 0, wanted_background = 0;               ///< requests beyond those
    std::int64_t points_wanted = 0, points_wanted_background = 0; ///< beyond what it has
    std::optional<observation> seen;
  };
  std::string budget, node;
  timestamp at{}; ///< by the node's clock
  std::array<part, resources> parts;
  std::int64_t at_once = 0;        ///< it has, or may have until it is answered
  std::int64_t at_once_wanted = 0; ///< in all; both 0 with nothing kept: the lease is given back
  penalty blocked;                 ///< as the node knows it, by its clock

  bool gives_back() const noexcept;
};

/// What the node may use beyond what it keeps; `at_once` in all.
struct answer {
  struct part {
    std::int64_t open = 0, urgent = 0;          ///< requests for all, and for webhook and manual only
    std::int64_t points = 0, points_urgent = 0; ///< likewise
    std::int64_t spent = 0, generation = 0;     ///< of the window now: what observations start from
    std::int64_t limit = 0, unspent = 0, reserve = 0;
    bool observed = false, unmetered = false;
    std::optional<timestamp> ends_at;
  };
  std::string budget;
  timestamp at{}; ///< of the report, by the node's clock
  std::array<part, resources> parts;
  std::int64_t at_once = 0;
  penalty blocked; ///< by the node's clock
};

/// Applies a report to the row, at `now` by the database's clock. For each window: what nodes have spent, what others have spent
/// at most and what all leases hold never exceed the limit; background work never leases below the reserve.
answer apply(shared_budget& to, const report& x, const limits& of, timestamp now);

} // namespace ingot::github::limiter
