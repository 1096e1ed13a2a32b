#include "model/github/limiter/budget.hpp"

#include <algorithm>

namespace ingot::github::limiter {

namespace {

/// So many answers in a row without rate-limit headers: the server has no limit.
constexpr auto unlabelled_max = 20u;

/// Leases are asked for as much as was granted since the last report, up to this, beside what waits.
constexpr auto headroom_max = std::int64_t{4'096};
constexpr auto at_once_headroom = std::int64_t{4};

/// A request costs so many points at most: less may not be enough for whoever waits.
constexpr auto dearest = std::int64_t{5};

/// Another node may have less in flight by then.
constexpr auto share_pause = seconds{1};

/// One who waited in vain for what nobody knows the end of.
constexpr auto retry_pause = seconds{5};

constexpr auto all_resources = std::array{resource::core, resource::graphql};

std::optional<timestamp> earlier(const std::optional<timestamp>& a, const std::optional<timestamp>& b) {
  return !a ? b : !b ? a : std::min(a, b);
}

} // namespace

budget::budget(std::string name, const limits& of, microseconds wait_max, timestamp now)
    : name_{std::move(name)}, limits_{of}, wait_max_{wait_max}, active_at_{now} {}

std::optional<timestamp> budget::closed_until(resource from, contents::urgency how, timestamp now) const {
  const auto& p = parts_[static_cast<std::size_t>(from)];
  auto until = blocked_.blocks(now) ? blocked_.blocked_until : std::nullopt;
  for (const auto& x : {p.exhausted, is_background(how) ? p.exhausted_background : std::nullopt})
    if (x && *x > now)
      until = std::max(until.value_or(*x), *x);
  return until;
}

void budget::ask(std::uint64_t ticket, const permit_order& x, timestamp now, std::vector<outcome>& into) {
  active_at_ = now;
  const auto closed = closed_until(x.of, x.how, now);
  const auto full = waiting() >= node_limiter::waiting_max;
  if (full || (closed && *closed > now + wait_max_)) {
    auto refused = outcome{ticket, x.how, {}, {}, closed.value_or(now + node_limiter::full_pause)};
    into.push_back(std::move(refused));
    return;
  }
  of(x.of).lines[x.how].add(x.repository, {ticket, std::max(x.points, 1u), now});
  tickets_.insert(ticket);
  expiries_.push_back({now + wait_max_, x.of, x.how, x.repository, ticket});
}

bool budget::may(part& p, contents::urgency x, timestamp now) {
  if (!leased(now) || blocked_.blocks(now) || in_flight_ >= at_once_)
    return false;
  const auto points = static_cast<std::int64_t>(p.lines[x].front().points);
  if (!is_background(x))
    return p.open + p.urgent > 0 && p.points.all() >= points;
  const auto most = std::max<std::int64_t>(at_once_ * (100 - limits_.reserve_percent) / 100, 1);
  return p.open > 0 && p.points.open() >= points && background_in_flight_ < most;
}

void budget::grant(resource from, contents::urgency x, timestamp now, std::vector<outcome>& into) {
  auto& p = of(from);
  const auto who = p.lines[x].take();
  tickets_.erase(who.ticket);
  granted_since_ = true;
  const auto background = is_background(x);
  p.points.spend(who.points, background, now);
  --(background || p.urgent == 0 ? p.open : p.urgent);
  background_in_flight_ += background ? 1 : 0;
  ++(background ? p.taken_background : p.taken);
  ++in_flight_;
  ++p.in_flight;
  ++p.granted;
  into.push_back({who.ticket,
                  x,
                  now - who.since,
                  {shared_from_this(), from, x, now, p.row.spent + p.told + p.settled, p.row.generation},
                  {}});
}

void budget::grant_all(resource from, timestamp now, std::vector<outcome>& into) {
  auto& p = of(from);
  const auto allowed = [&](contents::urgency x) { return may(p, x, now); };
  while (!p.lines.empty()) {
    const auto x = p.lines.next(allowed);
    if (!x)
      return;
    p.lines.granted(*x, [&](contents::urgency other) { return !closed_until(from, other, now); });
    grant(from, *x, now, into);
  }
}

void budget::expire(timestamp now, std::vector<outcome>& into) {
  drop_stale_expiries();
  while (!expiries_.empty()) {
    const auto& x = expiries_.front();
    const auto closed = closed_until(x.from, x.how, now);
    // Who waits in vain is told at once, unless somebody before him may still get his turn: then at the latest in his own time.
    if (tickets_.contains(x.ticket) && x.at > now && !(closed && *closed >= x.at))
      return;
    if (tickets_.erase(x.ticket) != 0) {
      of(x.from).lines[x.how].take_first(x.repository, x.ticket);
      auto refused = outcome{x.ticket, x.how, now - (x.at - wait_max_), {}, std::max(closed.value_or(now), now + retry_pause)};
      into.push_back(std::move(refused));
    }
    expiries_.pop_front();
  }
}

/// Those of many who did not wait long must not pile up for as long as one may wait.
void budget::drop_stale_expiries() {
  if (expiries_.size() > 2 * tickets_.size() + 64)
    std::erase_if(expiries_, [&](const expiry& x) { return !tickets_.contains(x.ticket); });
}

/// The clock went back: what was meant to be over in a moment must not last until then.
void budget::follow_clock(timestamp now) {
  if (now + seconds{1} >= exchanged_at_ && now + seconds{1} >= active_at_)
    return;
  exchanged_at_ = std::min(exchanged_at_, now);
  active_at_ = std::min(active_at_, now);
  lease_until_ = std::min(lease_until_, now);
}

void budget::attend(timestamp now, std::vector<outcome>& into) {
  follow_clock(now);
  for (auto& p : parts_)
    p.points.tick(now);
  if (waiting() > 0) {
    for (const auto x : all_resources)
      grant_all((x == resource::graphql) != graphql_first_ ? resource::graphql : resource::core, now, into);
    graphql_first_ = !graphql_first_;
  }
  expire(now, into);
}

void budget::take_note(part& p, const permit_mark& x, const rate_news& news) {
  if (news.limit && news.remaining) {
    p.unlabelled = 0;
    if (!p.seen || p.seen->unmetered || x.granted_at >= p.seen->granted_at)
      p.seen = observation{*news.limit, *news.remaining, news.reset, x.generation, x.floor + (news.free ? 0 : 1), x.granted_at};
  } else if (!news.free && !news.limited && ++p.unlabelled >= unlabelled_max && !p.row.unmetered) {
    p.seen = observation{};
    p.seen->unmetered = true;
  }
}

void budget::settle(const permit_mark& x, const rate_news& news, timestamp now, bool lost) {
  auto& p = of(x.from);
  active_at_ = now;
  --in_flight_;
  --p.in_flight;
  background_in_flight_ -= is_background(x.how) ? 1 : 0;
  if (news.free && !lost)
    ++(is_background(x.how) ? p.open : p.urgent);
  else
    ++p.settled;
  if (lost)
    return;
  take_note(p, x, news);
  if (!news.limited)
    return;
  if (news.retry_after) {
    blocked_.block(*news.retry_after);
    blocked_news_ = true;
  } else if (news.remaining && *news.remaining == 0) {
    p.open = p.urgent = 0;
    p.exhausted = news.reset.value_or(now + strike_first) + window_slack;
    blocked_news_ = true; // others want to know, too
  } else {
    blocked_.strike(x.granted_at, now);
    blocked_news_ = true;
  }
}

budget::lack budget::lacks(timestamp now) const {
  auto out = lack{};
  for (const auto from : all_resources)
    for (auto i = std::size_t{0}; i < contents::urgencies; ++i) {
      const auto how = static_cast<contents::urgency>(i);
      if (lines(from)[how].empty() || closed_until(from, how, now))
        continue;
      const auto& p = parts_[static_cast<std::size_t>(from)];
      const auto requests = p.open + (is_background(how) ? 0 : p.urgent);
      const auto points = is_background(how) ? p.points.open() : p.points.all();
      const auto slots = leased(now) && in_flight_ >= at_once_;
      out.leases = out.leases || !leased(now) || requests == 0 || (points < dearest && !slots) || points == 0;
      out.at_once = out.at_once || slots;
    }
  return out;
}

std::optional<timestamp> budget::report_at(timestamp now) const {
  if (exchanging_)
    return std::nullopt;
  const auto lacking = lacks(now);
  const auto wanted = in_flight_ + static_cast<std::int64_t>(waiting());
  const auto more = lacking.at_once && std::min<std::int64_t>(wanted, limits_.requests_at_once) > at_once_asked_;
  if (blocked_news_ || lacking.leases || more)
    return granted_since_ ? now : std::max(now, exchanged_at_ + node_limiter::fruitless_pause);
  if (lacking.at_once && at_once_ < std::min<std::int64_t>(wanted, limits_.requests_at_once))
    return exchanged_at_ + share_pause;
  if (in_flight_ == 0 && waiting() == 0 && has_lease_)
    return std::max(active_at_ + node_limiter::idle_return,
                    exchanged_at_ + (granted_since_ ? seconds{0} : node_limiter::renew_after));
  if (has_lease_ || in_flight_ > 0)
    return exchanged_at_ + node_limiter::renew_after;
  return std::nullopt;
}

std::optional<timestamp> budget::due_at(timestamp now) const {
  auto due = report_at(now);
  if (!expiries_.empty())
    due = earlier(due, expiries_.front().at);
  if (waiting() > 0)
    for (const auto& x : {blocked_.blocked_until, parts_[0].exhausted, parts_[1].exhausted, parts_[0].exhausted_background,
                          parts_[1].exhausted_background})
      if (x && *x > now)
        due = earlier(due, x);
  if (!due && !exchanging_)
    due = active_at_ + node_limiter::forget_after;
  return due;
}

bool budget::forgettable(timestamp now) const {
  return !exchanging_ && !has_lease_ && in_flight_ == 0 && waiting() == 0 && !blocked_news_ &&
         now >= active_at_ + node_limiter::forget_after;
}

void budget::want(report::part& out, part& p, timestamp now) {
  auto wait = std::int64_t{0}, wait_background = std::int64_t{0}, points = std::int64_t{0}, points_background = std::int64_t{0};
  for (auto i = std::size_t{0}; i < contents::urgencies; ++i) {
    const auto how = static_cast<contents::urgency>(i);
    if (closed_until(&p == &parts_[0] ? resource::core : resource::graphql, how, now))
      continue;
    const auto& line = std::as_const(p.lines)[how];
    (is_background(how) ? wait_background : wait) += static_cast<std::int64_t>(line.size());
    (is_background(how) ? points_background : points) += line.points();
  }
  const auto busy = wait + wait_background + p.in_flight > 0;
  const auto need = wait + (busy ? std::min(p.taken, headroom_max) : 0);
  const auto need_background = wait_background + (busy ? std::min(p.taken_background, headroom_max) : 0);
  if (!leased(now))
    p.open = p.urgent = 0;
  // What is not needed is given back by not being kept.
  p.urgent = std::min(p.urgent, need);
  p.open = std::min(p.open, need_background + need - p.urgent);
  const auto spare = std::max<std::int64_t>(p.open - need_background, 0);
  out.kept = p.in_flight + p.open + p.urgent;
  out.wanted_background = std::max<std::int64_t>(need_background - p.open, 0);
  out.wanted = out.wanted_background + std::max<std::int64_t>(need - p.urgent - spare, 0);
  const auto more_points = std::max<std::int64_t>(p.points.expected(now) - p.points.all(), 0);
  out.points_wanted_background = std::min(points_background, more_points);
  out.points_wanted = std::min(points_background + points, out.points_wanted_background + more_points);
  p.taken = p.taken_background = 0;
}

report budget::make_report(const std::string& node, timestamp now) {
  auto out = report{name_, node, now, {}, 0, 0, {}};
  for (auto i = std::size_t{0}; i < resources; ++i) {
    auto& p = parts_[i];
    want(out.parts[i], p, now);
    out.parts[i].spent = p.told = std::exchange(p.settled, 0);
    out.parts[i].seen = std::exchange(p.seen, std::nullopt);
  }
  const auto wait = static_cast<std::int64_t>(waiting());
  if (in_flight_ + wait > 0)
    out.at_once_wanted = std::min<std::int64_t>(in_flight_ + wait + at_once_headroom, limits_.requests_at_once);
  at_once_asked_ = out.at_once_wanted;
  at_once_ = leased(now) ? std::min(at_once_, out.at_once_wanted) : 0;
  out.at_once = std::max(in_flight_, at_once_);
  if (std::exchange(blocked_news_, false))
    out.blocked = blocked_;
  exchanging_ = true;
  return out;
}

report budget::make_last_report(const std::string& node, timestamp now) {
  auto out = report{name_, node, now, {}, 0, 0, blocked_news_ ? blocked_ : penalty{}};
  for (auto i = std::size_t{0}; i < resources; ++i) {
    out.parts[i].spent = parts_[i].settled + parts_[i].told + parts_[i].in_flight;
    out.parts[i].seen = parts_[i].seen;
  }
  return out;
}

void budget::learn(const answer& x, timestamp now) {
  exchanging_ = false;
  exchanged_at_ = now;
  blocked_.join(x.blocked);
  for (auto i = std::size_t{0}; i < resources; ++i) {
    auto& p = parts_[i];
    const auto& row = x.parts[i];
    p.told = 0;
    p.row = row;
    p.open += row.open;
    p.urgent += row.urgent;
    p.points.add(row.points, row.points_urgent, x.at + point_slot);
    const auto over = row.observed && !row.unmetered ? row.ends_at : std::nullopt;
    if (p.seen && !p.seen->unmetered && p.seen->remaining == 0)
      p.open = p.urgent = 0; // the row does not know yet
    else
      p.exhausted = over && row.unspent <= 0 ? std::optional{*over + window_slack} : std::nullopt;
    p.exhausted_background = over && row.unspent <= row.reserve ? std::optional{*over + window_slack} : std::nullopt;
  }
  at_once_ = x.at_once;
  lease_until_ = x.at + lease_use;
  granted_since_ = false;
  has_lease_ = in_flight_ > 0 || at_once_ > 0 ||
               std::any_of(parts_.begin(), parts_.end(), [](const part& p) { return p.open + p.urgent > 0; });
}

void budget::failed(timestamp now) {
  exchanging_ = false;
  exchanged_at_ = now;
  granted_since_ = false;
  has_lease_ = true; // the row may say so
  blocked_news_ = blocked_news_ || blocked_.blocks(now);
  for (auto& p : parts_)
    p.settled += std::exchange(p.told, 0);
}

budget_view budget::view(timestamp now) const {
  auto out = budget_view{name_, {}, in_flight_, leased(now) ? at_once_ : 0, {}};
  if (blocked_.blocks(now))
    out.blocked_until = blocked_.blocked_until;
  for (auto i = std::size_t{0}; i < resources; ++i) {
    const auto& p = parts_[i];
    auto& to = out.parts[i];
    to.limit = p.row.limit;
    to.unspent = p.row.unspent;
    to.reserve = p.row.reserve;
    to.observed = p.row.observed;
    to.unmetered = p.row.unmetered;
    to.ends_at = p.row.ends_at;
    to.leased = leased(now) ? p.open + p.urgent : 0;
    to.points = p.points.all();
    to.granted = p.granted;
    for (auto u = std::size_t{0}; u < contents::urgencies; ++u)
      to.waiting[u] = std::as_const(p.lines)[static_cast<contents::urgency>(u)].size();
  }
  return out;
}

} // namespace ingot::github::limiter
