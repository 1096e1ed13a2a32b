#include "bench/takeover.hpp"

#include "bench/job_world.hpp"
#include "bench/json_line.hpp"
#include "bench/metric_value.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto patience = std::chrono::seconds{30};
constexpr auto takeover_max = 12.0; ///< seconds
constexpr auto graceful_max = 1.0;

/// What a node has to say in the audit log it writes once a second.
constexpr auto audit_pause = milliseconds{1'500};

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

template <class Condition>
bool comes_true(Condition condition) {
  for (const auto end = steady::now() + patience; !condition(); std::this_thread::sleep_for(milliseconds{2}))
    if (steady::now() > end)
      return false;
  return true;
}

/// A process that a signal has stopped.
bool is_stopped(pid_t pid) {
  auto in = std::ifstream{"/proc/" + std::to_string(pid) + "/stat"};
  auto line = std::string{};
  std::getline(in, line);
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && name_end + 2 < line.size() && line[name_end + 2] == 'T';
}

/// Completions whose lease was refused, as the node counts them.
double fenced_of(const running_node& node) {
  return metric_value(node.port(), "ingot_job_completions_fenced_total");
}

/// What pauses of one kind came to.
struct pause_counts {
  unsigned pauses = 0, succeeded = 0, fenced = 0, stale = 0, not_reached = 0; ///< succeeded: at the other node
};

class takeover_bench {
public:
  explicit takeover_bench(const takeover_settings& settings)
      : settings_{settings}, work_{settings.work_dir, false}, world_{settings.node, work_ / "world"}, chance_{settings.seed} {
    if (settings_.kinds.empty())
      settings_.kinds = job_world::kinds();
  }

  bool run() { return settings_.pauses > 0 ? pauses() : takeovers(); }

private:
  bool takeovers() {
    auto line = json_line{};
    auto longest = 0.0;
    std::printf("| work of a node that was killed | done by another after |\n|---|---|\n");
    for (const auto& kind : settings_.kinds) {
      const auto took = killed(kind);
      std::printf("| %s | %.1f s |\n", kind.c_str(), took);
      std::fflush(stdout);
      line.add(kind, took);
      longest = std::max(longest, took);
    }
    const auto posts = graceful("nightly_alert"), syncs = graceful("content_sync");
    std::printf("| a webhook that is being posted, after SIGTERM: begun by another | %.2f s at most of %u |\n", posts,
                settings_.stops);
    std::printf("| a repository's sync, after SIGTERM: begun by another | %.2f s at most of %u |\n", syncs, settings_.stops);
    std::printf("takeover: %.1f s at most (wanted: %.0f), graceful %.2f s (wanted: %.0f)\n", longest, takeover_max,
                std::max(posts, syncs), graceful_max);
    line.add("killed_max_s", longest).add("graceful_max_s", std::max(posts, syncs));
    std::printf("%s\n", json_line{}.add("takeover", line).text().c_str());
    return longest <= takeover_max && std::max(posts, syncs) <= graceful_max;
  }

  /// Seconds from the death of a node to the end of the job that it had.
  double killed(const std::string& kind) {
    auto first = world_.start("a", {{"INGOT_FAILPOINT", "fence_" + kind + ":1"}});
    world_.provoke(kind, first.port());
    if (!comes_true([&] { return first.ended(); }))
      throw std::runtime_error{"the node did not fall at fence_" + kind};
    const auto begin = steady::now();
    const auto second = world_.start("b"); // finds the lease running, as one that was there before
    if (!world_.rests(patience))
      throw std::runtime_error{"nobody did the job of kind " + kind};
    const auto took = seconds_since(begin);
    if (const auto state = state_of_last(kind); state != "succeeded")
      throw std::runtime_error{"the job of kind " + kind + " is " + state};
    return took;
  }

  /// Seconds from SIGTERM until another node has begun what the first was at, the longest of some.
  double graceful(const std::string& kind) {
    auto longest = 0.0;
    for (auto i = 0u; i < settings_.stops; ++i) {
      const auto more = std::map<std::string, std::string>{{"INGOT_NIGHTLY_ALERT_URL", world_.receivers().url() + "/stall"}};
      world_.github().set_faults(
          {.rate = kind == "content_sync" ? 1.0 : 0.0, .kinds = {testing::fault_kind::stall}, .stall = milliseconds{4'000}});
      auto first = world_.start("a", more);
      world_.provoke(kind, first.port());
      const auto token = [&] { return world_.db().value("SELECT lease_token FROM jobs WHERE state = 'running'"); };
      if (!comes_true([&] { return !token().empty(); }))
        throw std::runtime_error{"nobody began the job of kind " + kind};
      const auto second = world_.start("b", more);
      const auto held = token();
      const auto begin = steady::now();
      first.signal(SIGTERM);
      if (!comes_true([&] {
            const auto now = token();
            return !now.empty() && now != held;
          }))
        throw std::runtime_error{"nobody took over the job of kind " + kind};
      longest = std::max(longest, seconds_since(begin));
      world_.github().set_faults({});
      comes_true([&] {
        world_.receivers().release();
        return world_.at_rest();
      });
    }
    return longest;
  }

  bool pauses() {
    auto counts = std::map<std::string, pause_counts>{};
    for (auto i = 0u; i < settings_.pauses; ++i) {
      const auto& kind = settings_.kinds[i % settings_.kinds.size()];
      pause(kind, counts[kind]);
      std::fprintf(stderr, "\rbench: %u of %u pauses", i + 1, settings_.pauses);
    }
    std::fprintf(stderr, "\n");
    auto sum = pause_counts{};
    auto all_fenced = true;
    std::printf(
        "| job paused past its lease | pauses | done by another | refused at the fence | stale writes | point not reached "
        "|\n|---|---|---|---|---|---|\n");
    for (const auto& [kind, x] : counts) {
      std::printf("| %s | %u | %u | %u | %u | %u |\n", kind.c_str(), x.pauses, x.succeeded, x.fenced, x.stale, x.not_reached);
      sum = {sum.pauses + x.pauses, sum.succeeded + x.succeeded, sum.fenced + x.fenced, sum.stale + x.stale,
             sum.not_reached + x.not_reached};
      all_fenced = all_fenced && x.fenced > 0;
    }
    std::printf("pauses: %u, refused %u, stale %u, not reached %u\n", sum.pauses, sum.fenced, sum.stale, sum.not_reached);
    std::printf("%s\n", json_line{}
                            .add("pauses", std::uint64_t{sum.pauses})
                            .add("succeeded", std::uint64_t{sum.succeeded})
                            .add("fenced", std::uint64_t{sum.fenced})
                            .add("stale", std::uint64_t{sum.stale})
                            .add("not_reached", std::uint64_t{sum.not_reached})
                            .add("kinds", std::uint64_t{counts.size()})
                            .add("seed", std::uint64_t{settings_.seed})
                            .text()
                            .c_str());
    return sum.stale == 0 && sum.not_reached == 0 && sum.fenced == sum.pauses && sum.succeeded == sum.pauses && all_fenced;
  }

  std::string state_of_last(const std::string& kind) {
    return world_.db().value("SELECT state FROM jobs WHERE kind = '" + kind + "' ORDER BY id DESC LIMIT 1");
  }

  /// Kinds that pass their fence more than once in an attempt: a pause may be at each.
  static unsigned passes_of(const std::string& kind) {
    return kind == "content_sync" || kind == "content_check" || kind == "nightly_run" || kind == "rollup" ? 2 : 1;
  }

  void pause(const std::string& kind, pause_counts& counts) {
    ++counts.pauses;
    const auto brief = std::map<std::string, std::string>{{"INGOT_JOBS_LEASE_MS", "600"}, {"INGOT_JOBS_POLL_INTERVAL_MS", "50"}};
    auto armed = brief;
    const auto pass = 1 + static_cast<unsigned>(chance_()) % passes_of(kind);
    armed["INGOT_FAILPOINT"] = "fence_" + kind + ":" + std::to_string(pass) + ":stop";
    const auto first = world_.start("a", armed);
    world_.provoke(kind, first.port());
    if (!comes_true([&] { return is_stopped(first.pid()) || world_.at_rest(); }) || !is_stopped(first.pid())) {
      ++counts.not_reached;
      std::fprintf(stderr, "\nbench: fence_%s was not passed a %u. time\n", kind.c_str(), pass);
      return;
    }
    const auto second = world_.start("b", brief);
    if (!world_.rests(patience))
      throw std::runtime_error{"nobody took over the job of kind " + kind};
    counts.succeeded += state_of_last(kind) == "succeeded" ? 1 : 0;
    std::this_thread::sleep_for(audit_pause);
    const auto before = world_.contents();
    kill(first.pid(), SIGCONT);
    const auto refused = comes_true([&] { return fenced_of(first) > 0; });
    counts.fenced += refused ? 1 : 0;
    if (!refused)
      std::fprintf(stderr, "\nbench: no lease of kind %s was refused\n", kind.c_str());
    std::this_thread::sleep_for(audit_pause);
    auto stale = false;
    for (const auto after = world_.contents(); const auto& [table, rows] : after)
      if (const auto was = before.find(table); was == before.end() || was->second != rows) {
        std::fprintf(stderr, "\nbench: a job of kind %s that had lost its lease wrote %s\n", kind.c_str(), table.c_str());
        stale = true;
      }
    counts.stale += stale ? 1 : 0;
  }

  takeover_settings settings_;
  work_folder work_;
  job_world world_;
  std::mt19937 chance_;
};

} // namespace

bool run_takeover_bench(const takeover_settings& settings) {
  return takeover_bench{settings}.run();
}

} // namespace ingot::bench
