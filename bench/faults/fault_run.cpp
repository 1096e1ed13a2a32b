#include "bench/faults/fault_run.hpp"

#include "bench/faults/fault_hands.hpp"
#include "bench/faults/fault_world.hpp"
#include "bench/faults/observer.hpp"
#include "bench/faults/oracle.hpp"
#include "bench/faults/provoker.hpp"
#include "tests/support/sql.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace ingot::faults {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

/// For the last acknowledgements, for the spools to drain, and for the jobs to end.
constexpr auto rest_patience = seconds{360}; // without anything that moves; a job is put off by five minutes at most
constexpr auto rest_max = seconds{3'600};

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

world_settings world_of(const run_settings& of) {
  auto out = world_settings{};
  out.binary = of.binary;
  out.nodes = of.script.nodes;
  out.sites = of.mix.sites > 0 ? of.sites : 0;
  out.sources = of.mix.crawl;
  out.followed = of.followed;
  out.lease = of.script.lease;
  out.environment = of.environment;
  return out;
}

/// Directs one run.
class fault_run {
public:
  explicit fault_run(const run_settings& of)
      : settings_{of}, script_{make_script(of.script)}, world_{world_of(of)}, board_{run_clock{of.script.seed, now_s()}, ports(),
                                                                                     of.rate, found_} {
    board_.again_share = of.again_share;
    kills_.resize(failpoints.size());
  }

  run_report play() {
    const auto url = world_.database_url();
    auto watching = std::optional<observer>{std::in_place, url, board_.acknowledged, world_.followed.get(), found_};
    auto orders = std::optional<provoker>{std::in_place, ports(), url, settings_.followed};
    auto senders = std::optional<traffic>{std::in_place, board_, settings_.mix, world_.sites, world_.followed.get()};
    began_ = clock::now();
    while (!over()) {
      turn();
      auto many_pushes = false;
      for (auto i = std::size_t{0}; i < world_.nodes.size(); ++i) {
        const auto needs = needed(*world_.nodes[i]);
        orders->want(i, needs);
        many_pushes = many_pushes || needs == provocation::contents || needs == provocation::sweep;
      }
      senders->many_pushes = many_pushes;
    }
    report_.seconds = seconds_since(began_);
    const auto rest = clock::now();
    for (auto i = std::size_t{0}; i < world_.nodes.size(); ++i)
      orders->want(i, provocation::traffic);
    heal();
    auto finishing = std::thread{[&] { senders->finish(rest_patience); }};
    rest_until([&] { return senders->quiet(); }, "the senders do not come to an end");
    finishing.join();
    rest_until([&] { return spools_are_empty(); }, "the spools are not drained");
    report_.looks = watching->looks();
    watching.reset();
    rest_until([&] { return orders->order_rollup(); }, "no node takes an order for a rollup");
    report_.orders = orders->orders();
    orders.reset();
    rest_until([&] { return jobs_are_over(); }, "the jobs do not end");
    report_.rest_seconds = seconds_since(rest);
    judge();
    return std::move(report_);
  }

private:
  static std::int64_t now_s() {
    return std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

  std::vector<std::uint16_t> ports() const {
    auto out = std::vector<std::uint16_t>{};
    for (const auto& x : world_.nodes)
      out.push_back(x->port());
    return out;
  }

  bool over() const {
    const auto ran = clock::now() - began_;
    const auto late = ran >= std::max(settings_.script.length, settings_.patience);
    const auto kills_done = settings_.script.kills > 0 && next_life_ >= script_.lives.size() && !short_of(false);
    return late || (kills_done && next_fault_ >= script_.faults.size());
  }

  /// A failpoint at which too few died. @param hoping count those that may still
  std::optional<int> short_of(bool hoping) const {
    for (const auto point : points_of(settings_.script))
      if (kills_[static_cast<std::size_t>(point)] + (hoping ? under_way(point) : 0) < kills_at_each(settings_.script))
        return point;
    return std::nullopt;
  }

  std::uint64_t under_way(int point) const {
    auto out = std::uint64_t{0};
    for (const auto& x : world_.nodes)
      out += x->living() && x->current().point == point && !x->current().stop ? 1 : 0;
    return out;
  }

  life next_life() {
    if (resting_)
      return {};
    if (next_life_ < script_.lives.size())
      return script_.lives[next_life_++];
    if (settings_.script.kills > 0)
      if (const auto point = short_of(true))
        return make_up_life(settings_.script, *point, extra_lives_++);
    auto out = life{};
    out.patience = settings_.script.kills > 0 ? milliseconds{3'000} : milliseconds{0};
    return out;
  }

  /// One look at everything; some milliseconds.
  void turn() {
    for (auto& x : world_.nodes) {
      if (const auto how = x->look())
        note(*x, *how);
      if (!x->living())
        x->begin(next_life());
    }
    while (!resting_ && next_fault_ < script_.faults.size() && clock::now() - began_ >= script_.faults[next_fault_].at) {
      const auto& x = script_.faults[next_fault_++];
      ++report_.faults[std::string{to_string(x.what)}];
      hands_.make(x);
    }
    hands_.end_due();
    if (settings_.progress && clock::now() >= next_progress_)
      tell_progress();
    std::this_thread::sleep_for(milliseconds{5});
  }

  static std::string last_words(fault_node& x) {
    const auto all = x.process().log();
    return all.size() > 600 ? all.substr(all.size() - 600) : all;
  }

  void note(fault_node& x, ending how) {
    switch (how) {
    case ending::at_point:
      ++kills_[static_cast<std::size_t>(x.current().point)];
      ++report_.kills_at[std::string{failpoints[static_cast<std::size_t>(x.current().point)].name}];
      return;
    case ending::missed:
      ++report_.kills_missed;
      ++report_.kills_at_random;
      return;
    case ending::at_random:
      ++report_.kills_at_random;
      return;
    case ending::by_disk:
      ++report_.faults["died of its disk"];
      return;
    case ending::by_itself:
      found_.add(finding_kind::node_ended,
                 "the node at port " + std::to_string(x.port()) + " ended with wait status " + std::to_string(x.status()));
    }
  }

  static provocation needed(const fault_node& x) {
    const auto armed = x.living() && x.current().point != no_failpoint;
    return armed ? failpoints[static_cast<std::size_t>(x.current().point)].needs : provocation::traffic;
  }

  /// No more faults; nodes that have a failpoint are started without.
  void heal() {
    resting_ = true;
    hands_.end_all();
    for (auto& x : world_.nodes) {
      x->proxy.heal();
      if (x->living())
        x->kill();
    }
  }

  void rest_until(const std::function<bool()>& condition, const char* otherwise) {
    waits_for_ = otherwise;
    auto next_look = clock::now();
    const auto end = clock::now() + rest_max;
    for (progressed_ = clock::now(); clock::now() < std::min(end, progressed_ + rest_patience); turn()) {
      if (clock::now() < next_look)
        continue;
      if (condition())
        return;
      next_look = clock::now() + milliseconds{100};
    }
    const auto what = clock::now() < end ? "nothing has moved for " + std::to_string(rest_patience.count()) + " s"
                                         : "not over after " + std::to_string(rest_max.count()) + " s";
    found_.add(finding_kind::job_unfinished, std::string{otherwise} + ": " + what);
  }

  /// What is waited for is another than at the last look: it gets on.
  void note_progress(const std::string& seen) {
    if (last_look_ != seen)
      progressed_ = clock::now();
    last_look_ = seen;
  }

  bool spools_are_empty() {
    auto seen = std::string{};
    readiness_.clear();
    for (auto& x : world_.nodes) {
      const auto [text, empty] = spool_of(*x);
      seen += text + '\n';
      if (!empty && readiness_.empty())
        readiness_ = text;
    }
    note_progress(seen);
    return readiness_.empty();
  }

  /// What a node says of itself, and whether its spool is drained.
  static std::pair<std::string, bool> spool_of(const fault_node& x) {
    try {
      const auto answer = testing::http_client{x.port(), seconds{2}}.get("/ready");
      return {std::to_string(answer.status) + ' ' + answer.body,
              answer.status == 200 && boost::json::parse(answer.body).at("spool").at("deliveries").to_number<int>() == 0};
    } catch (const testing::http_error& e) {
      return {e.what(), false};
    }
  }

  bool jobs_are_over() {
    note_progress(unfinished());
    testing::sql db{world_.database_url()};
    return db.number("SELECT count(*) FROM job_lanes") == 0 &&
           db.number("SELECT count(*) FROM jobs WHERE state IN ('pending', 'running')") == 0;
  }

  /// Unfinished jobs by kind.
  std::string unfinished() {
    try {
      testing::sql db{world_.database_url()};
      return db.text("SELECT coalesce(string_agg(n || ' ' || kind || ' ' || state || ' ' || why, ', '), 'no job waits') FROM "
                     "(SELECT count(*) "
                     "AS n, kind, state, coalesce(max(last_error), '') AS why FROM jobs WHERE state IN ('pending', 'running') "
                     "GROUP BY kind, state) x");
    } catch (const std::exception& e) {
      return e.what();
    }
  }

  void judge() {
    report_.seed = settings_.script.seed;
    report_.nodes = settings_.script.nodes;
    const auto& ledger = board_.acknowledged;
    for (auto i = std::size_t{0}; i < intakes; ++i)
      report_.acknowledged[i] = ledger.acknowledged(static_cast<intake>(i));
    report_.sent_again = board_.sent_again;
    report_.retried = board_.retried;
    report_.broken_connections = board_.broken;
    report_.refusals = board_.refusals();
    for (const auto& x : world_.nodes)
      report_.stops_at_failpoints += x->stops_at_points();
    const auto counts = world_.standin.counts();
    report_.github_requests = counts.requests;
    report_.github_faults = counts.faults;
    note_coverage();
    auto knows = oracle{world_.database_url(), board_.clock, ledger, found_};
    knows.check_deliveries();
    knows.check_pull_requests();
    knows.check_sites(world_.sites);
    knows.check_events();
    knows.check_rollup();
    knows.check_donations();
    knows.check_crawl();
    if (world_.followed)
      knows.check_contents(*world_.followed, world_.blobs());
    knows.check_budgets(counts);
    const auto jobs = knows.check_jobs();
    report_.jobs_succeeded = jobs.succeeded;
    report_.jobs_ended_with_reason = jobs.ended_with_reason;
    report_.job_reasons = jobs.reasons;
    for (auto i = std::size_t{0}; i < finding_names.size(); ++i)
      if (const auto n = found_.count(static_cast<finding_kind>(i)); n > 0)
        report_.findings[static_cast<finding_kind>(i)] = n;
    report_.told = found_.lines();
  }

  void note_coverage() {
    const auto want = [&](const std::string& what, std::uint64_t wanted, std::uint64_t had) {
      if (had < wanted)
        report_.short_of.push_back(what + ": " + std::to_string(had) + " of " + std::to_string(wanted));
    };
    for (const auto point : points_of(settings_.script))
      want("kills at " + std::string{failpoints[static_cast<std::size_t>(point)].name}, kills_at_each(settings_.script),
           kills_[static_cast<std::size_t>(point)]);
    want("kills", settings_.script.kills, report_.kills());
    want("restarts of PostgreSQL", settings_.script.restarts, report_.faults["restart"]);
  }

  void tell_progress() {
    next_progress_ = clock::now() + seconds{5};
    const auto acks = board_.acknowledged.acknowledged();
    if (resting_) {
      std::fprintf(stderr, "faults: %4.0f s, all comes to rest: %s; %s; %s\n", seconds_since(began_), waits_for_,
                   unfinished().c_str(), readiness_.c_str());
      return;
    }
    std::fprintf(stderr, "faults: %4.0f s, %llu kills (%llu missed their failpoint), %llu acks (%.0f/s), %llu findings\n",
                 seconds_since(began_), static_cast<unsigned long long>(report_.kills()),
                 static_cast<unsigned long long>(report_.kills_missed), static_cast<unsigned long long>(acks),
                 static_cast<double>(acks) / std::max(seconds_since(began_), 1e-3),
                 static_cast<unsigned long long>(found_.count()));
  }

  run_settings settings_;
  fault_script script_;
  findings found_;
  fault_world world_;
  fault_hands hands_{world_};
  traffic_board board_;
  run_report report_;
  clock::time_point began_{}, next_progress_{};
  std::vector<std::uint64_t> kills_; ///< by failpoint
  std::size_t next_life_ = 0, next_fault_ = 0;
  unsigned extra_lives_ = 0;
  bool resting_ = false;
  const char* waits_for_ = "";
  clock::time_point progressed_; ///< when something last moved while all comes to rest
  std::string last_look_;
  std::string readiness_; ///< of a node whose spool is not empty, or that does not answer
};

} // namespace

run_report run_faults(const run_settings& of) {
  return fault_run{of}.play();
}

} // namespace ingot::faults
