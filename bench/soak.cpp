#include "bench/soak.hpp"

#include "bench/check.hpp"
#include "bench/json_line.hpp"
#include "bench/load.hpp"
#include "bench/payloads.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace ingot::bench {

namespace {

constexpr auto windows = 6;
constexpr auto memory_growth_max = 1.02;
constexpr auto p99_growth_max = 1.1;
constexpr auto connections = 32u;
constexpr auto peak_seconds = 10.0;
/// Pull requests come and go, or what is known of each would grow for all of the hour: no load stays the same so.
constexpr auto pull_life = 60u;

plan plan_of(const soak_settings& settings, std::uint64_t seed) {
  auto planned = plan_settings{};
  planned.seed = seed;
  planned.clock = 1'700'000'000;
  planned.pull_life = pull_life;
  auto events = std::vector<std::string>{};
  for (const auto& [event, percent] : planned.mix)
    events.push_back(event);
  return plan{planned, make_templates(read_examples(find_examples(settings.payloads), events), "127.0.0.1")};
}

std::uint64_t descriptors_of(pid_t pid) {
  const auto all = std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/fd"};
  return static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}

/// What the machine holds for the node at one moment.
struct holdings {
  double rss_mb = 0;
  std::uint64_t descriptors = 0;
};

/// Size and dead rows of a table with its partitions and indexes.
struct table_state {
  double mb = 0;
  std::int64_t live = 0, dead = 0;
};

std::map<std::string, table_state> tables_of(database& db) {
  db.run("SELECT pg_stat_clear_snapshot()");
  const auto answer =
      db.checked(PQexec(db.raw(), "SELECT regexp_replace(relname, '_[0-9]{8}$', ''), "
                                  "coalesce(sum(pg_total_relation_size(relid)), 0) / 1e6, coalesce(sum(n_live_tup), 0), "
                                  "coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables GROUP BY 1 ORDER BY 2 DESC LIMIT 8"));
  auto out = std::map<std::string, table_state>{};
  for (auto i = 0; i < PQntuples(answer.get()); ++i) {
    const auto text = [&](int column) { return std::string{PQgetvalue(answer.get(), i, column)}; };
    out[text(0)] = {std::stod(text(1)), std::stoll(text(2)), std::stoll(text(3))};
  }
  return out;
}

} // namespace

bool run_soak_bench(const soak_settings& settings) {
  const auto work = work_folder{settings.work_dir, false};
  const auto node = running_node{settings.node, work / "node"};
  auto db = database{node.watch().database_url};
  auto load = load_settings{};
  load.port = node.port();
  load.secret = webhook_secret;
  load.connections = connections;
  load.rate = settings.rate;
  if (load.rate == 0) {
    load.seconds = peak_seconds;
    load.rate = run_load(load, plan_of(settings, 1)).rate() / 2;
    std::printf("soak: the node takes %.0f/s, half of it for %.0f minutes\n", load.rate * 2, settings.minutes);
    std::fflush(stdout);
  }
  load.seconds = settings.minutes * 60;
  load.window_seconds = load.seconds / windows;
  const auto what = plan_of(settings, 2);
  const auto first = tables_of(db);
  auto held = std::vector<holdings>{};
  auto result = load_result{};
  auto sender = std::thread{[&] { result = run_load(load, what); }};
  for (auto i = 0; i < windows; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double>(load.window_seconds));
    held.push_back({rss_mb(node.pid()), descriptors_of(node.pid())});
    std::fprintf(stderr, "bench: %d of %d: %.1f MB, %llu descriptors\n", i + 1, windows, held.back().rss_mb,
                 static_cast<unsigned long long>(held.back().descriptors));
  }
  sender.join();
  const auto last = tables_of(db);
  const auto faults = check_rows(db, what, result).faults();

  std::printf("| minutes | p50 ms | p99 ms | RSS MB | descriptors |\n|---|---|---|---|---|\n");
  auto line = json_line{};
  for (auto i = std::size_t{0}; i < held.size() && i < result.windows.size(); ++i) {
    const auto& x = result.windows[i];
    std::printf("| %.1f to %.1f | %.1f | %.1f | %.1f | %llu |\n", static_cast<double>(i) * load.window_seconds / 60,
                static_cast<double>(i + 1) * load.window_seconds / 60, x.quantile_ms(0.5), x.quantile_ms(0.99), held[i].rss_mb,
                static_cast<unsigned long long>(held[i].descriptors));
  }
  std::printf("\n| table | MB at the beginning | at the end | rows | dead rows |\n|---|---|---|---|---|\n");
  for (const auto& [name, x] : last) {
    const auto was = first.find(name);
    std::printf("| %s | %.1f | %.1f | %lld | %lld |\n", name.c_str(), was == first.end() ? 0 : was->second.mb, x.mb,
                static_cast<long long>(x.live), static_cast<long long>(x.dead));
  }
  for (const auto& [name, count] : faults)
    std::printf("WRONG: %s %lld\n", name.c_str(), static_cast<long long>(count));
  // What answers late lies in a window of its own behind the last.
  const auto first_p99 = result.windows.front().quantile_ms(0.99);
  const auto last_p99 = result.windows.at(std::min<std::size_t>(result.windows.size(), windows) - 1).quantile_ms(0.99);
  const auto memory = held.back().rss_mb / held.front().rss_mb;
  line.add("minutes", settings.minutes)
      .add("rate", load.rate)
      .add("acked", result.acked_total())
      .add("refused", result.refused())
      .add("faults", std::uint64_t{faults.size()})
      .add("rss_first_mb", held.front().rss_mb)
      .add("rss_last_mb", held.back().rss_mb)
      .add("descriptors_first", held.front().descriptors)
      .add("descriptors_last", held.back().descriptors)
      .add("p99_first_ms", first_p99)
      .add("p99_last_ms", last_p99);
  std::printf("%s\n", json_line{}.add("soak", line).text().c_str());
  return result.refused() == 0 && faults.empty() && memory < memory_growth_max &&
         held.back().descriptors <= held.front().descriptors && last_p99 <= p99_growth_max * first_p99;
}

} // namespace ingot::bench
