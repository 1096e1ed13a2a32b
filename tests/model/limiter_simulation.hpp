#pragma once

#include "model/github/limiter/limiter.hpp"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// Nodes, one database row and one GitHub under a clock that only the simulation moves.
namespace ingot::limiter_test {

using namespace github::limiter;
using contents::urgency;
using github::permit_order;
using github::rate_news;
using github::resource;

inline timestamp at_second(double x) {
  return timestamp{microseconds{1'700'000'000'000'000 + static_cast<std::int64_t>(x * 1e6)}};
}

/// A fixed window that begins with the first request after the last one's end.
struct fake_github {
  std::int64_t limit = 5'000, used = 0, ours = 0, background = 0;
  timestamp ends{};
  std::int64_t refused = 0, windows = 0;
  std::int64_t most_ours = 0, most_background = 0;

  void roll(timestamp now) {
    if (now < ends)
      return;
    most_ours = std::max(most_ours, ours);
    most_background = std::max(most_background, background);
    used = ours = background = 0;
    ends = now + seconds{3'600};
    ++windows;
  }

  rate_news take(timestamp now, bool is_free, bool is_background) {
    roll(now);
    auto out = rate_news{};
    out.free = is_free;
    out.limit = limit;
    out.reset = ends;
    if (!is_free && used >= limit) {
      ++refused;
      out.limited = true;
      out.free = true;
    } else if (!is_free) {
      ++used;
      ++ours;
      background += is_background ? 1 : 0;
    }
    out.remaining = limit - used;
    out.used = used;
    return out;
  }
};

struct request {
  permit_mark mark;
  timestamp arrives, ends;
  bool is_free = false, arrived = false;
  rate_news news;
};

struct simulated_node {
  std::unique_ptr<node_limiter> limiter;
  std::vector<request> in_flight;
  struct exchange {
    std::vector<report> reports;
    std::vector<answer> answers;
    timestamp applied_at, answered_at;
    bool applied = false, lost = false;
  };
  std::deque<exchange> exchanges;
  std::map<std::uint64_t, timestamp> waiting;
};

/// What may go wrong, and how busy it is.
struct conditions {
  std::int64_t limit = 500;
  limits of;
  std::size_t nodes = 3;
  double step_seconds_max = 0.2;
  double asks_per_step = 2;
  double free_share = 0.2, crash = 0, loss = 0, outage = 0, external = 0;
  double request_seconds_max = 5;
  microseconds wait_max = seconds{60};
};

struct simulation {
  conditions what;
  std::mt19937_64 chance;
  fake_github github;
  shared_budget row;
  std::vector<simulated_node> nodes;
  std::vector<request> orphans; ///< of nodes that fell
  timestamp now = at_second(0);
  std::uint64_t tickets = 0, incarnations = 0;
  std::deque<std::pair<timestamp, std::int64_t>> points; ///< granted within the last minute
  std::int64_t points_now = 0, most_points = 0, most_at_once = 0, granted = 0, refused = 0, longest_wait_us = 0;
  std::array<std::int64_t, contents::urgencies> granted_of{};
  bool database_away = false;

  simulation(const conditions& x, std::uint64_t seed) : what{x}, chance{seed} {
    github.limit = x.limit;
    nodes.resize(x.nodes);
    for (auto& n : nodes)
      start(n);
  }

  double real() { return std::uniform_real_distribution{}(chance); }
  bool happens(double p) { return real() < p; }

  void start(simulated_node& n) {
    n = simulated_node{};
    n.limiter = std::make_unique<node_limiter>(what.of, "node " + std::to_string(++incarnations), what.wait_max);
  }

  void crash(simulated_node& n) {
    for (auto& x : n.in_flight)
      orphans.push_back(std::move(x));
    start(n);
  }

  std::int64_t at_once() const {
    auto out = static_cast<std::int64_t>(orphans.size());
    for (const auto& n : nodes)
      out += static_cast<std::int64_t>(n.in_flight.size());
    return out;
  }

  void ask(simulated_node& n, urgency how, const std::string& repository, unsigned cost = 1) {
    n.waiting[++tickets] = now;
    n.limiter->ask(tickets, {"installation/7", resource::core, how, repository, cost}, now);
  }

  void take_outcomes(simulated_node& n) {
    for (auto& x : n.limiter->take_outcomes()) {
      n.waiting.erase(x.ticket);
      longest_wait_us = std::max<std::int64_t>(longest_wait_us, x.waited.count());
      if (x.retry_at) {
        ++refused;
        continue;
      }
      ++granted;
      ++granted_of[static_cast<std::size_t>(x.how)];
      points.emplace_back(now, 1);
      ++points_now;
      auto made = request{std::move(x.mark), now, now, happens(what.free_share), false, {}};
      made.arrives = now + microseconds{static_cast<std::int64_t>(real() * 1e6)};
      made.ends = made.arrives + microseconds{static_cast<std::int64_t>(real() * what.request_seconds_max * 1e6)};
      n.in_flight.push_back(std::move(made));
    }
    while (!points.empty() && points.front().first + seconds{60} < now) {
      points_now -= points.front().second;
      points.pop_front();
    }
    most_points = std::max(most_points, points_now);
    most_at_once = std::max(most_at_once, at_once());
  }

  void move_request(request& x) {
    if (!x.arrived && x.arrives <= now) {
      x.arrived = true;
      x.news = github.take(now, x.is_free, is_background(x.mark.how));
    }
  }

  void move_requests(simulated_node& n) {
    for (auto& x : n.in_flight)
      move_request(x);
    for (auto i = std::size_t{0}; i < n.in_flight.size();)
      if (n.in_flight[i].arrived && n.in_flight[i].ends <= now) {
        auto over = std::move(n.in_flight[i]);
        n.in_flight.erase(n.in_flight.begin() + static_cast<std::ptrdiff_t>(i));
        n.limiter->settle(over.mark, over.news, now);
      } else {
        ++i;
      }
  }

  void exchange(simulated_node& n) {
    if (auto reports = n.limiter->take_reports(now); !reports.empty()) {
      auto x = simulated_node::exchange{std::move(reports), {}, now, now, false, false};
      const auto slow = happens(0.1) ? 1.0 : 0.01;
      x.applied_at = now + microseconds{static_cast<std::int64_t>(real() * slow * 1e6)};
      x.answered_at = x.applied_at + microseconds{static_cast<std::int64_t>(real() * slow * 1e6)};
      x.lost = happens(what.loss);
      n.exchanges.push_back(std::move(x));
    }
    for (auto& x : n.exchanges)
      if (!x.applied && x.applied_at <= now) {
        x.applied = true;
        x.lost = x.lost || database_away;
        if (!database_away)
          for (const auto& r : x.reports)
            x.answers.push_back(apply(row, r, what.of, now));
      }
    while (!n.exchanges.empty() && n.exchanges.front().applied && n.exchanges.front().answered_at <= now) {
      auto x = std::move(n.exchanges.front());
      n.exchanges.pop_front();
      for (auto i = std::size_t{0}; i < x.reports.size(); ++i)
        x.lost ? n.limiter->failed(x.reports[i], now) : n.limiter->learn(x.answers[i], now);
    }
  }

  void move(simulated_node& n) {
    n.limiter->tick(now);
    move_requests(n);
    take_outcomes(n);
    exchange(n);
    take_outcomes(n);
  }

  /// One step of time, with random arrivals.
  void step() {
    now += microseconds{static_cast<std::int64_t>(real() * what.step_seconds_max * 1e6)};
    if (happens(what.outage))
      database_away = !database_away;
    if (happens(what.external)) {
      github.roll(now);
      github.used = std::min(github.used + 1 + static_cast<std::int64_t>(real() * 5), github.limit);
    }
    for (auto& x : orphans)
      move_request(x);
    std::erase_if(orphans, [&](const request& x) { return x.arrived && x.ends <= now; });
    for (auto& n : nodes) {
      if (happens(what.crash))
        crash(n);
      for (auto i = 0.0; i < what.asks_per_step; ++i)
        if (happens(0.5))
          ask(n, static_cast<urgency>(static_cast<unsigned>(real() * 4) % 4),
              "r" + std::to_string(static_cast<unsigned>(real() * 5)));
      move(n);
    }
  }

  /// Nobody asks any more.
  void calm(double for_seconds, double step_seconds) {
    for (auto t = 0.0; t < for_seconds; t += step_seconds) {
      now += microseconds{static_cast<std::int64_t>(step_seconds * 1e6)};
      for (auto& n : nodes)
        move(n);
    }
  }
};

} // namespace ingot::limiter_test
