#include "bench/outage.hpp"

#include "bench/check.hpp"
#include "bench/json_line.hpp"
#include "bench/load.hpp"
#include "bench/metric_value.hpp"
#include "bench/payloads.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "storage/cluster.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <thread>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

constexpr auto before_seconds = 10.0;
constexpr auto window_seconds = 5.0;
constexpr auto drained_max = 60.0;
constexpr auto ack_max_ms = 1'000.0;
constexpr auto connections = 32u;

void rest(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

} // namespace

bool run_outage_bench(const outage_settings& settings) {
  const auto work = work_folder{settings.work_dir, false};
  auto database_folder = work / "database";
  auto cluster = std::optional<storage::embedded_cluster>{std::in_place, database_folder};
  const auto url = cluster->url();
  const auto node = running_node{settings.node, work / "node", {{"DATABASE_URL", url}}};

  auto load = load_settings{};
  load.port = node.port();
  load.secret = webhook_secret;
  load.connections = connections;
  load.rate = settings.rate;
  load.window_seconds = window_seconds;
  load.seconds = before_seconds + settings.seconds + drained_max + before_seconds;
  auto planned = plan_settings{};
  planned.clock = 1'700'000'000;
  auto events = std::vector<std::string>{};
  for (const auto& [event, percent] : planned.mix)
    events.push_back(event);
  const auto what = plan{planned, make_templates(read_examples(find_examples(settings.payloads), events), "127.0.0.1")};
  auto result = load_result{};
  auto sender = std::thread{[&] { result = run_load(load, what); }};

  rest(before_seconds);
  cluster.reset();
  rest(settings.seconds);
  const auto waiting_max = metric_value(node.port(), "ingot_spool_deliveries");
  cluster.emplace(database_folder);
  const auto back = steady::now();
  auto drained = 0.0;
  // Drained: nothing waits, and the node goes on with the database.
  while (drained < 2 * drained_max &&
         (metric_value(node.port(), "ingot_spool_deliveries") > 0 || metric_value(node.port(), "ingot_database_state") != 1)) {
    rest(0.05);
    drained = std::chrono::duration<double>(steady::now() - back).count();
  }
  sender.join();

  auto db = database{url};
  const auto rows = check_rows(db, what, result);
  auto p99_max = 0.0;
  std::printf("| seconds | p99 ms |\n|---|---|\n");
  for (auto i = std::size_t{0}; i < result.windows.size(); ++i) {
    const auto p99 = result.windows[i].quantile_ms(0.99);
    p99_max = std::max(p99_max, p99);
    std::printf("| %.0f to %.0f | %.1f |\n", static_cast<double>(i) * window_seconds, static_cast<double>(i + 1) * window_seconds,
                p99);
  }
  for (const auto& [name, count] : rows.faults())
    std::printf("WRONG: %s %lld\n", name.c_str(), static_cast<long long>(count));
  std::printf("outage of %.0f s at %.0f/s: %llu acknowledged, %llu refused, %lld lost, p99 %.1f ms (worst %.0f s: %.1f ms), "
              "%.0f waited, drained in %.1f s\n",
              settings.seconds, settings.rate, static_cast<unsigned long long>(result.acked_total()),
              static_cast<unsigned long long>(result.refused()), static_cast<long long>(rows.missing_deliveries),
              result.latency.quantile_ms(0.99), window_seconds, p99_max, waiting_max, drained);
  std::printf("%s\n", json_line{}
                          .add("outage", json_line{}
                                             .add("seconds", settings.seconds)
                                             .add("rate", settings.rate)
                                             .add("acked", result.acked_total())
                                             .add("refused", result.refused())
                                             .add("lost", rows.missing_deliveries)
                                             .add("faults", std::uint64_t{rows.faults().size()})
                                             .add("p99_ms", result.latency.quantile_ms(0.99))
                                             .add("p99_worst_window_ms", p99_max)
                                             .add("waited", waiting_max)
                                             .add("drained_s", drained))
                          .text()
                          .c_str());
  return result.refused() == 0 && rows.faults().empty() && p99_max < ack_max_ms && drained <= drained_max;
}

} // namespace ingot::bench
