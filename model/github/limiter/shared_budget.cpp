#include "model/github/limiter/shared_budget.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace ingot::github::limiter {

namespace {

std::int64_t slot_of(timestamp at) noexcept {
  return at.time_since_epoch() / point_slot;
}

std::optional<timestamp> moved(const std::optional<timestamp>& x, microseconds by) noexcept {
  return x ? std::optional{*x + by} : std::nullopt;
}

penalty moved(penalty x, microseconds by) noexcept {
  x.blocked_until = moved(x.blocked_until, by);
  x.struck_at += by;
  return x;
}

/// What a node tells of a penalty, by the database's clock. The node's clock may have jumped since it learnt of it: a penalty
/// that is over, or was struck in the future, is not made a later one, and others are stopped by none for longer than the longest
/// strike: who asks too early then is told so by GitHub.
penalty told(penalty x, microseconds skew, timestamp now) noexcept {
  x = moved(std::move(x), skew);
  x.struck_at = std::min(x.struck_at, now);
  if (x.blocks(now))
    x.blocked_until = std::min(*x.blocked_until, now + strike_longest);
  else
    x.blocked_until.reset();
  return x;
}

/// Another window begins: nothing is known of it but its likely limit.
void begin_window(window& w) {
  ++w.generation;
  w.spent = w.elsewhere = 0;
  w.observed = false;
  w.ends_at.reset();
}

/// What a lapsed lease held of requests was spent, or will never be: an observation of a request that was granted later, or a new
/// window, has counted it.
void forget_lapsed(shared_budget& to, std::size_t of, timestamp counted_until) {
  for (auto& x : to.leases)
    if (x.expires_at < counted_until)
      x.requests[of] = 0;
}

/// @param now by the database's clock; observation times have been moved to it
void observe(shared_budget& to, std::size_t of, const observation& x, timestamp now) {
  auto& w = to.windows[of];
  if (x.unmetered) {
    w.unmetered = true;
    return;
  }
  w.unmetered = false;
  const auto known = w.observed && w.ends_at && x.reset;
  if (known && *x.reset < *w.ends_at - reset_jitter)
    return; // of a window that is over
  if (x.reset && *x.reset + window_slack <= now)
    return;
  if (known && *x.reset > *w.ends_at + reset_jitter) {
    begin_window(w);
    forget_lapsed(to, of, now);
  }
  if (w.observed && x.granted_at < w.observed_at)
    return; // an older one, told later
  w.observed = true;
  w.observed_at = x.granted_at;
  w.limit = std::max<std::int64_t>(x.limit, 0);
  if (x.reset)
    w.ends_at = std::max(*x.reset, w.ends_at && known ? *w.ends_at : *x.reset);
  const auto floor = x.generation == w.generation ? x.floor : 0;
  w.elsewhere = std::max<std::int64_t>(w.limit - x.remaining - floor, 0);
  forget_lapsed(to, of, x.granted_at);
}

/// Windows end by the clock, too.
void end_windows(shared_budget& to, timestamp now) {
  for (auto i = std::size_t{0}; i < resources; ++i)
    if (auto& w = to.windows[i]; w.ends_at && *w.ends_at + window_slack <= now) {
      begin_window(w);
      forget_lapsed(to, i, now);
    }
}

lease& lease_of(shared_budget& to, const std::string& node) {
  const auto found = std::find_if(to.leases.begin(), to.leases.end(), [&](const lease& x) { return x.node == node; });
  if (found != to.leases.end())
    return *found;
  return to.leases.emplace_back(lease{node, {}, 0, {}});
}

std::int64_t clamped(std::int64_t wanted, std::int64_t most) noexcept {
  return std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(most, 0));
}

/// One request of so many is background work's when urgent work would take all: of requests as long as that leaves the reserve,
/// of points always, since those come back within a minute and an urgent flood would take them for ever.
constexpr auto background_share = std::int64_t{16};

/// Half of a node's share of what is left, so that a budget that is low is shared, too.
/// @returns what all, and what urgent work alone may spend
std::pair<std::int64_t, std::int64_t> slice(std::int64_t left, std::int64_t reserve, std::int64_t wanted,
                                            std::int64_t wanted_background, std::int64_t members, std::int64_t least,
                                            std::int64_t first_reserve) {
  const auto most = std::min(left, std::max(left / (2 * members), least));
  const auto share = most < 2 ? 0 : std::max<std::int64_t>(most / background_share, 1);
  const auto first = clamped(std::min(wanted_background, share), left - first_reserve);
  const auto urgent = clamped(wanted - wanted_background, most - first);
  const auto open = std::max(first, clamped(wanted_background, std::min(most - urgent, left - urgent - reserve)));
  return {open, urgent};
}

void lease_requests(answer::part& out, const window& w, const report::part& x, std::int64_t leased, const limits& of,
                    std::int64_t members) {
  if (w.unmetered) {
    out.open = clamped(x.wanted, unmetered_slice);
    return;
  }
  std::tie(out.open, out.urgent) =
      slice(w.unspent() - leased, w.reserve(of), x.wanted, x.wanted_background, members, 1, w.reserve(of));
}

void lease_points(answer::part& out, window& w, const report::part& x, std::int64_t limit, const limits& of, std::int64_t members,
                  timestamp now) {
  constexpr auto dearest = std::int64_t{5}; // of one request
  std::tie(out.points, out.points_urgent) = slice(limit - w.points_leased(now), limit * of.reserve_percent / 100, x.points_wanted,
                                                  x.points_wanted_background, members, dearest, 0);
  w.lease_points(out.points + out.points_urgent, now);
}

std::int64_t lease_at_once(const shared_budget& to, const report& x, const limits& of, std::int64_t members, timestamp now) {
  const auto others = std::accumulate(to.leases.begin(), to.leases.end(), std::int64_t{0}, [&](std::int64_t sum, const lease& l) {
    return l.node == x.node || l.expires_at <= now ? sum : sum + l.at_once;
  });
  const auto free = of.requests_at_once - others;
  const auto share = std::max<std::int64_t>(of.requests_at_once / members, 1);
  return clamped(x.at_once_wanted, std::min(share, free));
}

void describe(answer::part& out, const window& w, const limits& of) {
  out.spent = w.spent;
  out.generation = w.generation;
  out.limit = w.limit;
  out.unspent = w.unspent();
  out.reserve = w.reserve(of);
  out.observed = w.observed;
  out.unmetered = w.unmetered;
  out.ends_at = w.ends_at;
}

} // namespace

void penalty::block(timestamp until) noexcept {
  blocked_until = std::max(blocked_until.value_or(until), until);
}

void penalty::strike(timestamp granted, timestamp now) noexcept {
  if (strikes > 0 && granted < struck_at)
    return;
  const auto forgotten = now > blocked_until.value_or(struck_at) + strike_memory;
  strikes = forgotten ? 1 : std::min(strikes + 1, 16u);
  struck_at = now;
  block(now + std::min<seconds>(strike_first * (1u << (strikes - 1)), strike_longest));
}

void penalty::join(const penalty& x) noexcept {
  if (x.blocked_until)
    block(*x.blocked_until);
  if (x.struck_at > struck_at) {
    struck_at = x.struck_at;
    strikes = x.strikes;
  }
}

std::int64_t window::points_leased(timestamp now) const noexcept {
  const auto at = std::max(slot_of(now), slot);
  auto sum = std::int64_t{0};
  for (auto i = std::max(at - static_cast<std::int64_t>(point_slots) + 1, slot - static_cast<std::int64_t>(point_slots) + 1);
       i <= slot; ++i)
    if (i >= 0)
      sum += points[static_cast<std::size_t>(i) % point_slots];
  return sum;
}

void window::lease_points(std::int64_t count, timestamp now) noexcept {
  const auto at = std::max(slot_of(now), slot);
  if (at - slot >= static_cast<std::int64_t>(point_slots))
    points.fill(0);
  else
    for (auto i = slot + 1; i <= at; ++i)
      points[static_cast<std::size_t>(i) % point_slots] = 0;
  slot = at;
  points[static_cast<std::size_t>(at) % point_slots] += count;
}

bool report::gives_back() const noexcept {
  return at_once == 0 && at_once_wanted == 0 &&
         std::all_of(parts.begin(), parts.end(), [](const part& x) { return x.kept == 0 && x.wanted == 0; });
}

answer apply(shared_budget& to, const report& x, const limits& of, timestamp now) {
  const auto skew = now - x.at;
  end_windows(to, now);
  to.blocked.join(told(x.blocked, skew, now));
  auto& mine = lease_of(to, x.node);
  for (auto i = std::size_t{0}; i < resources; ++i) {
    to.windows[i].spent += std::max<std::int64_t>(x.parts[i].spent, 0);
    mine.requests[i] = x.parts[i].kept;
  }
  mine.expires_at = now + lease_keep;
  for (auto i = std::size_t{0}; i < resources; ++i)
    if (auto seen = x.parts[i].seen) {
      seen->granted_at = std::min(seen->granted_at + skew, now); // the node's clock may have jumped since
      observe(to, i, *seen, now);
    }
  std::erase_if(to.leases, [&](const lease& l) {
    return l.node != x.node && l.expires_at <= now &&
           std::all_of(l.requests.begin(), l.requests.end(), [](auto n) { return n == 0; });
  });

  auto out = answer{x.budget, x.at, {}, 0, {}};
  const auto members = std::count_if(to.leases.begin(), to.leases.end(), [&](const lease& l) { return l.expires_at > now; });
  const auto room = to.leases.size() <= leases_max && !to.blocked.blocks(now);
  for (auto i = std::size_t{0}; i < resources; ++i) {
    auto& w = to.windows[i];
    const auto leased = std::accumulate(to.leases.begin(), to.leases.end(), std::int64_t{0},
                                        [i](std::int64_t sum, const lease& l) { return sum + l.requests[i]; });
    if (room && !x.gives_back()) {
      lease_requests(out.parts[i], w, x.parts[i], leased, of, members);
      lease_points(out.parts[i], w, x.parts[i],
                   static_cast<std::int64_t>(of.points_per_minute) *
                       (i == static_cast<std::size_t>(resource::graphql) ? graphql_points_factor : 1),
                   of, members, now);
      if (!w.observed && out.parts[i].open + out.parts[i].urgent > 0)
        w.ends_at = now + lease_keep + window_length; // nobody knows which request was GitHub's first
    }
    describe(out.parts[i], w, of);
  }
  out.at_once = room ? lease_at_once(to, x, of, members, now) : 0;
  out.blocked = moved(to.blocked, -skew);
  if (!to.blocked.blocks(now))
    out.blocked.blocked_until.reset(); // by a clock that is wrong it could seem to come yet
  auto& kept = lease_of(to, x.node);
  for (auto i = std::size_t{0}; i < resources; ++i)
    kept.requests[i] += out.parts[i].open + out.parts[i].urgent;
  kept.at_once = std::max(out.at_once, x.at_once); // what is in flight cannot be called back
  if (x.gives_back())
    std::erase_if(to.leases, [&](const lease& l) { return l.node == x.node; });
  return out;
}

} // namespace ingot::github::limiter
