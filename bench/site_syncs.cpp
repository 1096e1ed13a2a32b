#include "bench/site_syncs.hpp"

#include "bench/database.hpp"
#include "bench/running_node.hpp"
#include "bench/site_by_hand.hpp"
#include "bench/work_folder.hpp"
#include "config/secrets.hpp"
#include "storage/sites.hpp"
#include "tests/support/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

struct bench_site {
  std::int64_t id = 0;
  std::string key;
  std::int64_t clock = 0; ///< sync_timestamp of the last sync
};

/// What some syncs took.
struct timing {
  std::vector<double> ms;
  double seconds = 0;       ///< wall
  double node_ms = 0;       ///< CPU of the node for each
  double postgres_ms = 0;   ///< CPU of PostgreSQL for each
  std::uint64_t failed = 0; ///< other answers than 200

  double rate() const { return seconds > 0 ? static_cast<double>(ms.size()) / seconds : 0; }
  double quantile(double share) const {
    if (ms.empty())
      return 0;
    auto sorted = ms;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  }
};

/// How the inventory changes from one sync of a site to the next.
enum class change_kind : std::uint8_t { unchanged, some, all_new_to_site, all_new_to_world };

const char* name_of(change_kind x) {
  switch (x) {
  case change_kind::unchanged:
    return "unchanged";
  case change_kind::some:
    return "changed";
  case change_kind::all_new_to_site:
    return "new to the site";
  case change_kind::all_new_to_world:
    break;
  }
  return "new to the world";
}

/// One line of the table.
struct line {
  std::string name;
  timing of;
};

class site_bench {
public:
  explicit site_bench(const site_bench_settings& settings)
      : settings_{settings}, work_{settings.work_dir, false},
        node_{settings.node, work_ / "node", {{"INGOT_SITES_SYNCS_PER_HOUR", "0"}}}, url_{node_.watch().database_url}, db_{url_} {
  }

  bool run() {
    std::printf("site-sync: one site alone (bodies of some 330 bytes a module)\n");
    header();
    for (const auto modules : settings_.quick ? std::vector{1000} : std::vector{200, 500, 1000, 2000})
      one_site(modules);
    std::printf("\nby hand, the same tables: one whole statement through psql, and a client that goes row by row\n");
    header();
    for (const auto modules : settings_.quick ? std::vector{1000} : std::vector{1000, 2000})
      by_hand(modules);
    std::printf("\nmany sites at once, one sync in flight each\n");
    header();
    for (const auto& [sites, modules] : std::vector<std::pair<int, int>>{{10, 1000}, {100, 500}})
      many_sites(sites, modules);
    memory();
    ratios();
    return failed_ == 0;
  }

private:
  static void header() {
    std::printf("  %-44s %8s %8s %8s %8s %9s %9s\n", "", "syncs/s", "p50 ms", "p99 ms", "max ms", "node CPU", "PG CPU");
  }

  const timing& report(const std::string& name, timing x) {
    std::printf("  %-44s %8.1f %8.2f %8.2f %8.2f %9.3f %9.3f%s\n", name.c_str(), x.rate(), x.quantile(0.5), x.quantile(0.99),
                x.quantile(1), x.node_ms, x.postgres_ms, x.failed > 0 ? "  FAILED" : "");
    std::fflush(stdout);
    failed_ += x.failed;
    lines_.push_back({name, std::move(x)});
    return lines_.back().of;
  }

  const timing* found(const std::string& name) const {
    const auto at = std::find_if(lines_.begin(), lines_.end(), [&](const line& x) { return x.name == name; });
    return at == lines_.end() ? nullptr : &at->of;
  }

  bench_site add_site() {
    auto db = storage::connection{url_, database_settings{}};
    const auto by = storage::operator_action{"benchmark", {}};
    auto out = bench_site{};
    out.id = storage::add_site(db, "bench", std::nullopt, by);
    out.key = storage::create_key(db, out.id, "", random_bytes(), by).text;
    return out;
  }

  static double post(testing::http_client& to, const bench_site& as, const std::string& body, std::uint64_t& failed) {
    const auto begin = steady::now();
    const auto answer = to.request("POST", "/api/v1/sites/" + std::to_string(as.id) + "/modules/sync",
                                   {{"X-API-Key", as.key}, {"Content-Type", "application/json"}}, body);
    const auto ms = seconds_since(begin) * 1e3;
    if (answer.status != 200 && failed++ == 0)
      std::fprintf(stderr, "bench: %d %s\n", answer.status, answer.body.substr(0, 300).c_str());
    return ms;
  }

  /// Measures `work`, which says what its syncs took, with the CPU that it cost.
  timing measured(const std::function<timing()>& work) {
    const auto who = node_.watch();
    const auto node_before = cpu_seconds(who.server), postgres_before = cpu_seconds_of_tree(who.postmaster);
    const auto begin = steady::now();
    auto out = work();
    out.seconds = seconds_since(begin);
    const auto count = static_cast<double>(std::max<std::size_t>(out.ms.size(), 1));
    out.node_ms = (cpu_seconds(who.server) - node_before) * 1e3 / count;
    out.postgres_ms = (cpu_seconds_of_tree(who.postmaster) - postgres_before) * 1e3 / count;
    return out;
  }

  static std::string name_for(change_kind kind, int modules, int changed) {
    auto out = std::to_string(modules) + " modules, " + name_of(kind);
    return kind == change_kind::some ? out + " (" + std::to_string(changed) + ")" : out;
  }

  void one_site(int modules) {
    auto site = add_site();
    auto client = testing::http_client{node_.port()};
    auto inventory = site_inventory{"known" + std::to_string(modules), modules, 0, 0};
    const auto repeat = [&](int changed) {
      inventory.changed = changed;
      const auto bodies = body_ring{inventory};
      auto out = timing{};
      const auto until = steady::now() + std::chrono::duration<double>(settings_.seconds);
      while (steady::now() < until)
        out.ms.push_back(post(client, site, bodies.body(out.ms.size(), ++site.clock), out.failed));
      return out;
    };
    const auto first_syncs = [&](change_kind kind) {
      auto out = timing{};
      for (auto i = 0; i < 12; ++i) {
        auto fresh = add_site();
        auto its = inventory;
        its.changed = 0;
        if (kind == change_kind::all_new_to_world)
          its.family = "world" + std::to_string(modules) + "_" + std::to_string(i);
        const auto body = its.body(1);
        out.ms.push_back(post(client, fresh, body, out.failed));
      }
      out.seconds = 0;
      return out;
    };
    report(name_for(change_kind::all_new_to_world, modules, 0),
           summed(measured([&] { return first_syncs(change_kind::all_new_to_world); })));
    post(client, site, inventory.body(++site.clock), failed_);
    report(name_for(change_kind::all_new_to_site, modules, 0),
           summed(measured([&] { return first_syncs(change_kind::all_new_to_site); })));
    report(name_for(change_kind::unchanged, modules, 0), summed(measured([&] { return repeat(0); })));
    for (const auto changed : {12, modules * 3 / 100})
      report(name_for(change_kind::some, modules, changed), summed(measured([&] { return repeat(changed); })));
  }

  /// One after the other: the rate is that of the syncs alone, without the making of their bodies.
  static timing summed(timing x) {
    x.seconds = 0;
    for (const auto ms : x.ms)
      x.seconds += ms / 1e3;
    return x;
  }

  void by_hand(int modules) {
    auto inventory = site_inventory{"hand" + std::to_string(modules), modules, 0, 0};
    auto site = add_site();
    const auto label = std::to_string(modules) + " modules by hand, ";
    report(label + "new to the world", psql(6, [&](int i) {
             auto its = inventory;
             its.family += "w" + std::to_string(i);
             return whole_statement(add_site().id, its, 1);
           }));
    db_.run(whole_statement(site.id, inventory, ++site.clock));
    report(label + "new to the site", psql(6, [&](int) { return whole_statement(add_site().id, inventory, 1); }));
    report(label + "changed (" + std::to_string(modules * 3 / 100) + ")", psql(30, [&](int i) {
             inventory.changed = modules * 3 / 100;
             inventory.generation = static_cast<std::uint32_t>(i) + 1;
             return whole_statement(site.id, inventory, ++site.clock);
           }));
    report(label + "row by row, changed", measured([&] {
             auto out = timing{};
             for (auto i = 0; i < 3; ++i) {
               ++inventory.generation;
               const auto begin = steady::now();
               one_row_at_a_time(db_, site.id, inventory, ++site.clock);
               out.ms.push_back(seconds_since(begin) * 1e3);
             }
             return out;
           }));
  }

  /// Runs statements through psql, one file each, and takes psql's own times.
  timing psql(int count, const std::function<std::string(int)>& statement) {
    const auto script = work_ / "by_hand.sql", times = work_ / "by_hand.txt";
    {
      auto out = std::ofstream{script};
      out << "\\timing on\n\\o /dev/null\n";
      for (auto i = 0; i < count; ++i)
        out << statement(i) << '\n';
    }
    auto out = measured([&] {
      const auto command =
          "psql -X -q -v ON_ERROR_STOP=1 -d '" + url_ + "' -f " + script.string() + " > " + times.string() + " 2>&1";
      auto result = timing{};
      result.failed = std::system(command.c_str()) == 0 ? 0 : 1; // NOLINT(cert-env33-c): what a person would type
      return result;
    });
    auto in = std::ifstream{times};
    auto text = std::string{};
    for (auto value = 0.0; std::getline(in, text);)
      if (std::sscanf(text.c_str(), "Time: %lf ms", &value) == 1)
        out.ms.push_back(value);
    if (out.failed > 0 || out.ms.empty())
      throw std::runtime_error{"psql: " + text};
    const auto n = static_cast<double>(out.ms.size());
    out.node_ms = 0;
    out.postgres_ms /= n;
    return summed(std::move(out));
  }

  void many_sites(int sites, int modules) {
    auto all = std::vector<bench_site>{};
    for (auto i = 0; i < sites; ++i)
      all.push_back(add_site());
    const auto label = std::to_string(sites) + " sites of " + std::to_string(modules) + " modules, ";
    for (const auto changed : {-1, 0, modules * 3 / 100}) {
      const auto what = changed < 0 ? "first syncs" : changed == 0 ? "unchanged" : "changed (" + std::to_string(changed) + ")";
      report(label + what, measured([&] { return at_once(all, modules, changed); }));
    }
  }

  /// Each site on a thread and a connection of its own: one sync (first ones), or as many as go into the time.
  timing at_once(std::vector<bench_site>& sites, int modules, int changed) {
    auto all = std::vector<timing>(sites.size());
    auto threads = std::vector<std::thread>{};
    const auto bodies = body_ring{{"crowd" + std::to_string(modules), modules, std::max(changed, 0), 0}};
    const auto until = steady::now() + std::chrono::duration<double>(settings_.seconds);
    for (std::size_t i = 0; i < sites.size(); ++i)
      threads.emplace_back([&, i] {
        auto client = testing::http_client{node_.port(), std::chrono::seconds{120}};
        do
          all[i].ms.push_back(post(client, sites[i], bodies.body(i + all[i].ms.size(), ++sites[i].clock), all[i].failed));
        while (changed >= 0 && steady::now() < until);
      });
    for (auto& x : threads)
      x.join();
    auto out = timing{};
    for (const auto& x : all) {
      out.ms.insert(out.ms.end(), x.ms.begin(), x.ms.end());
      out.failed += x.failed;
    }
    return out;
  }

  void memory() {
    auto sites = std::vector<bench_site>{};
    for (auto i = 0; i < 10; ++i)
      sites.push_back(add_site());
    auto fresh = running_node{settings_.node, work_ / "memory", {{"INGOT_SITES_SYNCS_PER_HOUR", "0"}, {"DATABASE_URL", url_}}};
    std::this_thread::sleep_for(std::chrono::seconds{1});
    const auto idle = rss_mb(fresh.pid());
    auto threads = std::vector<std::thread>{};
    auto failed = std::atomic<std::uint64_t>{0};
    for (auto& site : sites)
      threads.emplace_back([&] {
        auto client = testing::http_client{fresh.port(), std::chrono::seconds{120}};
        const auto inventory = site_inventory{"crowd2000", 2000, 0, 0};
        auto own = std::uint64_t{0};
        for (auto i = 0; i < 3; ++i)
          post(client, site, inventory.body(++site.clock), own);
        failed += own;
      });
    for (auto& x : threads)
      x.join();
    failed_ += failed;
    memory_mb_ = rss_peak_mb(fresh.pid()) - idle;
    std::printf("\nmemory: ten sites syncing 2,000 modules at once: %.1f MB above idle (%.1f MB)\n", *memory_mb_, idle);
  }

  void ratios() const {
    std::printf("\nagainst the whole statement by hand\n");
    const auto compare = [&](const std::string& ours, const std::string& hand, bool times) {
      const auto* a = found(ours);
      const auto* b = found(hand);
      if (a != nullptr && b != nullptr)
        std::printf("  %-44s %6.2f %s\n", ours.c_str(), times ? a->quantile(0.5) / b->quantile(0.5) : a->rate() / b->rate(),
                    times ? "of its time (p50)" : "times its rate");
    };
    for (const auto modules : {1000, 2000}) {
      const auto some = std::to_string(modules) + " modules", by = some + " by hand, ";
      const auto changed = "changed (" + std::to_string(modules * 3 / 100) + ")";
      compare(some + ", unchanged", by + changed, false);
      compare(some + ", " + changed, by + changed, false);
      compare(some + ", new to the site", by + "new to the site", true);
      compare(some + ", new to the world", by + "new to the world", true);
    }
    compare("10 sites of 1000 modules, unchanged", "1000 modules by hand, changed (30)", false);
    compare("10 sites of 1000 modules, changed (30)", "1000 modules by hand, changed (30)", false);
    for (const auto* what : {"unchanged", "changed (15)"}) {
      const auto* crowd = found(std::string{"100 sites of 500 modules, "} + what);
      const auto* alone = found(std::string{"500 modules, "} + what);
      if (crowd != nullptr && alone != nullptr)
        std::printf("  100 sites of 500 modules, %-19s %5.1f times the p50 of one site alone (p99)\n", what,
                    crowd->quantile(0.99) / alone->quantile(0.5));
    }
  }

  const site_bench_settings settings_;
  work_folder work_;
  running_node node_;
  std::string url_;
  database db_;
  std::vector<line> lines_;
  std::optional<double> memory_mb_;
  std::uint64_t failed_ = 0;
};

} // namespace

bool run_site_bench(const site_bench_settings& settings) {
  return site_bench{settings}.run();
}

} // namespace ingot::bench
