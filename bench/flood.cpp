#include "bench/flood.hpp"

#include "bench/application_bodies.hpp"
#include "bench/json_line.hpp"
#include "bench/load.hpp"
#include "bench/payloads.hpp"
#include "bench/quiet_senders.hpp"
#include "bench/running_node.hpp"
#include "bench/site_bodies.hpp"
#include "bench/work_folder.hpp"
#include "config/secrets.hpp"
#include "model/signature.hpp"
#include "storage/sites.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ingot::bench {

namespace {

constexpr auto application_token = "bench-application-token";
constexpr auto ratio_max = 1.5;

/// The generators of the flood stand for other machines: they get what the node and the quiet senders leave.
void yield_to_others() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 19);
}

std::string with(std::string text, std::string_view from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string pull_request_example() {
  auto in = std::ifstream{std::filesystem::path{INGOT_SOURCE_DIR} / "tests/support/examples/pull_request.json"};
  auto out = std::stringstream{};
  out << in.rdbuf();
  return out.str();
}

/// The webhook of one repository.
quiet_sender repository_sender(int number) {
  const auto id = std::to_string(600'000 + number);
  const auto body = with(with(pull_request_example(), "7001", id), "forge/anvil", "quiet/r" + id);
  return {"repositories", 20, [id, body](std::uint64_t n) {
            char delivery[40];
            std::snprintf(delivery, sizeof delivery, "10000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(n));
            const auto text = with(body, "Strike while it is hot", "Strike " + std::to_string(n));
            return quiet_request{"/webhook",
                                 {{"Content-Type", "application/json"},
                                  {"X-GitHub-Event", "pull_request"},
                                  {"X-GitHub-Delivery", delivery},
                                  {"X-GitHub-Hook-Installation-Target-ID", id},
                                  {"X-GitHub-Hook-Installation-Target-Type", "repository"},
                                  {"X-Hub-Signature-256", github_signature(webhook_secret, text)}},
                                 text};
          }};
}

quiet_sender site_sender(storage::connection& db, int number) {
  const auto by = storage::operator_action{"a benchmark", {}};
  const auto id = storage::add_site(db, "site " + std::to_string(number), std::nullopt, by);
  const auto key = storage::create_key(db, id, "", random_bytes(), by).text;
  const auto path = "/api/v1/sites/" + std::to_string(id) + "/modules/sync";
  auto inventory = site_inventory{};
  inventory.family = "quiet";
  inventory.modules = 100;
  return {"sites", 5, [path, key, inventory](std::uint64_t n) {
            return quiet_request{
                path, {{"Content-Type", "application/json"}, {"X-API-Key", key}}, inventory.body(static_cast<std::int64_t>(n))};
          }};
}

quiet_sender application_sender() {
  const auto bodies = std::make_shared<event_bodies>(77, 10);
  return {"application", 20, [bodies](std::uint64_t) {
            return quiet_request{
                "/ingest/events", {{"Content-Type", "application/json"}, {"X-App-Token", application_token}}, bodies->next()};
          }};
}

class flood_bench {
public:
  explicit flood_bench(const flood_settings& settings)
      : settings_{settings}, work_{settings.work_dir, false}, node_{settings.node,
                                                                    work_ / "node",
                                                                    {{"INGOT_SITES_SYNCS_PER_HOUR", "0"},
                                                                     {"INGOT_EVENTS_REQUESTS_PER_MINUTE", "0"},
                                                                     {"INGEST_APP_TOKEN", application_token}}} {
    auto db = storage::connection{node_.watch().database_url, {}};
    for (auto i = 0; i < 4; ++i)
      senders_.push_back(repository_sender(i));
    for (auto i = 0; i < 2; ++i)
      senders_.push_back(site_sender(db, i));
    senders_.push_back(application_sender());
  }

  bool run() {
    const auto capacity = flood(500, 0, settings_.seconds).rate();
    std::printf("flood: the node takes %.0f deliveries/s over %u connections\n", capacity, settings_.connections);
    run_quiet_senders(node_.port(), senders_, 2); // first syncs, first rows
    auto alone = std::map<std::string, quiet_counts>{}, beside = alone;
    auto flooding = load_result{};
    for (auto i = 0u; i < settings_.rounds; ++i) {
      add(alone, run_quiet_senders(node_.port(), senders_, settings_.seconds));
      auto thread = std::thread{[&] {
        yield_to_others();
        const auto x = flood(1, capacity * settings_.times, settings_.seconds + 2);
        flooding.acks += x.acks;
        flooding.seconds += x.seconds;
        flooding.latency += x.latency;
        flooding.connection_errors += x.connection_errors;
        for (const auto& [status, count] : x.statuses)
          flooding.statuses[status] += count;
      }};
      std::this_thread::sleep_for(std::chrono::seconds{1}); // it has begun
      add(beside, run_quiet_senders(node_.port(), senders_, settings_.seconds));
      thread.join();
    }
    return report(capacity, alone, beside, flooding);
  }

private:
  static void add(std::map<std::string, quiet_counts>& to, const std::map<std::string, quiet_counts>& from) {
    for (const auto& [kind, x] : from) {
      to[kind].latency += x.latency;
      to[kind].answered += x.answered;
      to[kind].refused += x.refused;
    }
  }

  /// @param rate 0: as many as are answered
  load_result flood(std::uint32_t repositories, double rate, double seconds) {
    auto load = load_settings{};
    load.port = node_.port();
    load.secret = webhook_secret;
    load.connections = settings_.connections;
    load.seconds = seconds;
    load.rate = rate;
    load.answer_timeout_seconds = 1;
    auto planned = plan_settings{};
    planned.seed = ++seed_;
    planned.clock = 1'700'000'000;
    planned.repositories = repositories;
    auto events = std::vector<std::string>{};
    for (const auto& [event, percent] : planned.mix)
      events.push_back(event);
    const auto what = plan{planned, make_templates(read_examples(find_examples(settings_.payloads), events), "127.0.0.1")};
    return run_load(load, what);
  }

  bool report(double capacity, std::map<std::string, quiet_counts>& alone, std::map<std::string, quiet_counts>& beside,
              const load_result& flooding) {
    std::printf(
        "| quiet senders | p50 ms | p99 ms | p50 ms beside the flood | p99 ms beside the flood | ratio of p99 | refused |\n"
        "|---|---|---|---|---|---|---|\n");
    auto line = json_line{};
    auto worst = 0.0;
    auto refused = std::uint64_t{0};
    for (auto& [kind, x] : alone) {
      auto& y = beside[kind];
      const auto before = x.latency.quantile_ms(0.99), after = y.latency.quantile_ms(0.99);
      std::printf("| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %llu |\n", kind.c_str(), x.latency.quantile_ms(0.5), before,
                  y.latency.quantile_ms(0.5), after, after / before, static_cast<unsigned long long>(x.refused + y.refused));
      line.add(kind + "_p99_ms", before).add(kind + "_flooded_p99_ms", after);
      worst = std::max(worst, after / before);
      refused += x.refused + y.refused;
    }
    std::printf("the flood: %.0f/s offered, %.0f/s taken, p99 %.1f ms, %llu refused or cut\n", capacity * settings_.times,
                flooding.rate(), flooding.latency.quantile_ms(0.99), static_cast<unsigned long long>(flooding.refused()));
    line.add("capacity", capacity)
        .add("offered", capacity * settings_.times)
        .add("flood_taken", flooding.rate())
        .add("flood_refused", flooding.refused())
        .add("worst_ratio", worst)
        .add("quiet_refused", refused);
    std::printf("%s\n", json_line{}.add("flood", line).text().c_str());
    return worst <= ratio_max && refused == 0;
  }

  flood_settings settings_;
  work_folder work_;
  running_node node_;
  std::vector<quiet_sender> senders_;
  std::uint64_t seed_ = 0;
};

} // namespace

bool run_flood_bench(const flood_settings& settings) {
  return flood_bench{settings}.run();
}

} // namespace ingot::bench
