#include "bench/limiter_bench.hpp"

#include "actors/permit_source.hpp"
#include "actors/rate_limiter.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace ingot::bench {

namespace {

using namespace github::limiter;
using steady = std::chrono::steady_clock;

/// Of one budget; what is measured is not GitHub's patience.
constexpr auto plenty = std::int64_t{1} << 40;
constexpr auto of = limits{1'000'000, 1'000'000'000, 20};
constexpr auto target = 100'000.0;

timestamp wall_clock() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

shared_budget rich_row(const std::string& name, timestamp now) {
  auto out = shared_budget{};
  out.name = name;
  for (auto& w : out.windows) {
    w.limit = plenty;
    w.observed = true;
    w.ends_at = now + seconds{3'600};
  }
  return out;
}

/// Rows in memory, for one node.
class memory_store final : public storage::rate_store {
public:
  std::vector<answer> exchange(std::span<const report> reports) override {
    auto out = std::vector<answer>{};
    for (const auto& x : reports)
      out.push_back(apply(row_, x, of, wall_clock()));
    return out;
  }
  void sweep() override {}

private:
  shared_budget row_ = rich_row("installation/7", wall_clock());
};

github::permit_order order(const std::string& repository) {
  return {"installation/7", github::resource::core, contents::urgency::webhook, repository, 1};
}

double per_second(int count, steady::time_point since) {
  return count / std::chrono::duration<double>(steady::now() - since).count();
}

/// So many repositories wait all the time; each grant is settled at once, and its repository asks again.
double decisions(int permits, int repositories) {
  const auto start = wall_clock();
  auto row = rich_row("installation/7", start);
  auto node = node_limiter{of, "bench", seconds{60}};
  auto names = std::vector<std::string>{};
  for (auto i = 0; i < repositories; ++i)
    names.push_back("owner/repository-" + std::to_string(i));
  auto now = start;
  auto tickets = std::uint64_t{0};
  for (const auto& x : names)
    node.ask(++tickets, order(x), now);
  auto news = github::rate_news{};
  news.limit = plenty;
  news.remaining = plenty;
  news.reset = start + seconds{3'600};
  auto granted = 0;
  const auto begin = steady::now();
  while (granted < permits) {
    now += std::chrono::microseconds{100};
    for (const auto& x : node.take_reports(now))
      node.learn(apply(row, x, of, now), now);
    for (auto& x : node.take_outcomes()) {
      ++granted;
      node.settle(x.mark, news, now);
      node.ask(++tickets, order(names[x.ticket % names.size()]), now);
    }
    node.tick(now);
  }
  return per_second(granted, begin);
}

struct actor_config : caf::actor_system_config {
  actor_config() {
    add_message_types<caf::id_block::ingot>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
  }
};

struct running_limiter {
  telemetry::metrics counters{"bench"};
  context_ptr context = std::make_shared<node_context>(settings{}, counters);
  actor_config config;
  caf::actor_system system{config};

  running_limiter() {
    context->config.github_api.requests_at_once = of.requests_at_once;
    context->config.github_api.points_per_minute = of.points_per_minute;
    context->now = wall_clock;
    context->open_rate_store = [] { return std::make_unique<memory_store>(); };
    auto handles = std::make_shared<actor_handles>();
    handles->rate_limiter = system.spawn(rate_limiter, context);
    context->handles = handles;
  }
  ~running_limiter() {
    if (const auto handles = context->handles.exchange(nullptr))
      caf::anon_send_exit(handles->rate_limiter, caf::exit_reason::user_shutdown);
  }
};

/// 256 requests are under way all the time; each asks anew as soon as it has its permit, from the actor's thread.
double by_messages(int permits) {
  auto node = running_limiter{};
  const auto to = node.context->handles.load()->rate_limiter;
  std::atomic<int> granted{0};
  std::function<void(int)> ask = [&](int i) {
    auto x = std::make_shared<permit_in_hand>();
    x->order = order("r" + std::to_string(i));
    x->answer = std::make_shared<permit_reply>([&, i](permit_answer answer) {
      if (!answer.granted)
        return;
      caf::anon_send(to, settle_atom_v, permit_settlement{std::move(*answer.granted), {}, false});
      if (++granted < permits)
        ask(i);
    });
    caf::anon_send(to, acquire_atom_v, permit_ptr{std::move(x)});
  };
  const auto begin = steady::now();
  for (auto i = 0; i < 256; ++i)
    ask(i);
  while (granted < permits)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return per_second(granted, begin);
}

/// Threads that block for each permit, as jobs do.
double by_threads(int permits, int threads) {
  auto node = running_limiter{};
  auto source = permit_source{*node.context};
  std::atomic<int> granted{0};
  auto running = std::vector<std::thread>{};
  const auto begin = steady::now();
  for (auto i = 0; i < threads; ++i)
    running.emplace_back([&, i] {
      const auto wanted = order("r" + std::to_string(i));
      while (++granted <= permits)
        source.acquire(wanted)->settle({});
    });
  for (auto& x : running)
    x.join();
  return per_second(permits, begin);
}

} // namespace

bool run_limiter_bench(const limiter_bench_settings& settings) {
  log::configure({"off", log_format::json});
  auto reached = true;
  const auto print = [](const char* what, double rate) { std::printf("%-64s %12.0f permits/s\n", what, rate); };
  for (const auto repositories : {10, 1'000, 9'000}) {
    const auto rate = decisions(settings.permits, repositories);
    reached = reached && rate >= target;
    print(("decision alone, " + std::to_string(repositories) + " repositories wait").c_str(), rate);
  }
  const auto messages = by_messages(settings.permits);
  reached = reached && messages >= target;
  print("RATE LIMITER actor, 256 under way", messages);
  print("8 threads that block for each permit", by_threads(settings.permits / 10, 8));
  std::printf("target: 100,000 permits/s in process: %s\n", reached ? "reached" : "missed");
  return reached;
}

} // namespace ingot::bench
