#include "bench/application_bench.hpp"

#include "bench/application_bodies.hpp"
#include "bench/application_load.hpp"
#include "bench/database.hpp"
#include "bench/libpq_environment.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "storage/cluster.hpp"
#include "tests/support/http_client.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

constexpr const char* application_token = "bench-application-token";
constexpr const char* stripe_secret = "whsec_bench";

const std::map<std::string, std::string> node_environment{
    {"INGEST_APP_TOKEN", application_token},  {"STRIPE_WEBHOOK_SECRET", stripe_secret},
    {"CRON_SECRET", "bench-cron-secret"},     {"INGOT_EVENTS_REQUESTS_PER_MINUTE", "0"},
    {"INGOT_CRAWL_REQUESTS_PER_MINUTE", "0"}, {"INGOT_SERVER_TRUSTED_PROXIES", "127.0.0.1"},
    {"INGOT_ROLLUP_INTERVAL_MS", "0"},
};

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

/// The peer with a PostgreSQL of its own.
class running_peer {
public:
  running_peer(const application_bench_settings& settings, const work_folder& work) : data_{work / "peer"} {
    std::filesystem::create_directories(data_);
    cluster_.emplace(data_);
    auto environment = libpq_environment(cluster_->url());
    port_ = free_port();
    environment["PORT"] = std::to_string(port_);
    environment["INGEST_APP_TOKEN"] = application_token;
    environment["STRIPE_WEBHOOK_SECRET"] = stripe_secret;
    const auto log = work / "peer.log";
    const auto begin = steady::now();
    server_.emplace(std::vector<std::string>{"node", (settings.peer / "application.js").string()}, environment, log);
    wait_until_ready(*server_, port_, "/ready", begin, log);
  }

  std::uint16_t port() const { return port_; }
  watched watch() const {
    auto out = watched{};
    out.server = server_->pid();
    out.server_has_workers = true;
    out.postmaster = cluster_->pid();
    return out;
  }

private:
  std::filesystem::path data_;
  std::optional<storage::embedded_cluster> cluster_;
  std::optional<child> server_;
  std::uint16_t port_ = 0;
};

std::unique_ptr<running_peer> start_peer(const application_bench_settings& settings, const work_folder& work) {
  if (!settings.peer.empty() && std::filesystem::exists(settings.peer / "node_modules"))
    return std::make_unique<running_peer>(settings, work);
  std::printf("  the peer is left out: run `npm ci` in bench/peers/fastify (nodejs and npm are needed)\n");
  return nullptr;
}

void header() {
  std::printf("  %-34s %9s %11s %8s %8s %10s %10s %12s %8s\n", "", "acks/s", "items/s", "p50 ms", "p99 ms", "server CPU",
              "PG CPU", "items/CPU s", "RSS MB");
}

void report(const std::string& name, const load_outcome& x, std::size_t items) {
  const auto each = static_cast<double>(items);
  std::printf("  %-34s %9.0f %11.0f %8.2f %8.2f %10.3f %10.3f %12.0f %8.0f%s\n", name.c_str(), x.rate(), x.rate() * each,
              x.p50_ms, x.p99_ms, x.server_ms, x.postgres_ms, x.acks_per_cpu_second() * each, x.server_rss_mb,
              x.others > 0 ? "  FAILED" : "");
  std::fflush(stdout);
}

void compare(const char* what, double got, double of, double wanted) {
  if (of > 0)
    std::printf("  %-60s %6.2f (wanted %.2f)%s\n", what, got / of, wanted, got / of >= wanted ? "" : "  SHORT");
}

load_outcome send_events(std::uint16_t port, const watched& who, std::size_t events, unsigned connections, double seconds) {
  static auto seed = std::uint64_t{0};
  const auto base = ++seed * 1'000;
  return run_load(port, connections, seconds, who, [=](unsigned sender) {
    auto bodies = std::make_shared<event_bodies>(base + sender, events);
    auto addresses = std::make_shared<std::mt19937>(sender);
    return [=]() {
      const auto host = (*addresses)() % 20'000;
      return load_request{"/ingest/events",
                          {{"content-type", "application/json"},
                           {"x-app-token", application_token},
                           {"x-forwarded-for", "10." + std::to_string(host / 65'536) + '.' + std::to_string(host / 256 % 256) +
                                                   '.' + std::to_string(host % 256)}},
                          bodies->next()};
    };
  });
}

/// Rows a second of COPY … FROM a file of the same rows, into empty tables that are like the node's.
double copy_rate(database& db, const std::vector<std::pair<std::string, std::string>>& tables, std::int64_t rows) {
  auto files = std::vector<std::string>{};
  for (const auto& [table, columns] : tables) {
    files.push_back("/tmp/ingot-bench-" + table + ".copy");
    db.run("COPY (SELECT " + columns + " FROM " + table + ") TO '" + files.back() + "' (FORMAT binary)");
  }
  for (const auto& [table, columns] : tables)
    db.run("TRUNCATE " + table);
  const auto begin = steady::now();
  for (auto i = std::size_t{0}; i < tables.size(); ++i)
    db.run("COPY " + tables[i].first + " (" + tables[i].second + ") FROM '" + files[i] + "' (FORMAT binary)");
  const auto seconds = seconds_since(begin);
  for (const auto& x : files)
    db.run("COPY (SELECT 1) TO PROGRAM 'rm -f " + x + "'");
  return static_cast<double>(rows) / seconds;
}

} // namespace

bool run_event_bench(const application_bench_settings& settings) {
  std::printf("events: 32 connections, 30%% repeated, rules by Zipf's law, 20,000 client addresses; CPU in ms a request\n");
  header();
  const auto work = work_folder{settings.work_dir, false};
  auto ours = std::map<std::size_t, load_outcome>{}, theirs = std::map<std::size_t, load_outcome>{};
  auto failed = std::uint64_t{0};
  auto copied = 0.0, copied_all = 0.0;
  {
    running_node node{settings.node, work / "events", node_environment};
    const auto who = node.watch();
    for (const auto events : {1, 10, 100, 1'000}) {
      const auto count = static_cast<std::size_t>(events);
      ours[count] = send_events(node.port(), who, count, events == 1'000 ? 8 : settings.connections, settings.seconds);
      report("node, " + std::to_string(events) + " a request", ours[count], count);
      failed += ours[count].others;
    }
    auto db = database{who.database_url};
    const auto rows = db.number("SELECT count(*) FROM events");
    const auto events_columns =
        std::pair<std::string, std::string>{"events", "ts, received_at, viewer, type, rule_id, user_id, idempotency_key, data"};
    copied = copy_rate(db, {events_columns}, rows);
    copied_all = copy_rate(
        db, {events_columns, {"event_keys", "key, day"}, {"view_marks", "period, viewer, rule_id, times, added, changes"}}, rows);
    std::printf("  COPY of the %lld stored events: %.0f rows/s into events alone, %.0f with event_keys and view_marks\n",
                static_cast<long long>(rows), copied, copied_all);
  }
  if (const auto peer = start_peer(settings, work))
    for (const auto events : {1, 100}) {
      const auto count = static_cast<std::size_t>(events);
      theirs[count] = send_events(peer->port(), peer->watch(), count, settings.connections, settings.seconds);
      report("peer, " + std::to_string(events) + " a request", theirs[count], count);
    }
  compare("100 a request: events per CPU second, times the peer's", ours[100].acks_per_cpu_second(),
          theirs[100].acks_per_cpu_second(), 3);
  compare("100 a request: acks/s, times the peer's", ours[100].rate(), theirs[100].rate(), 3);
  compare("1 a request: acks/s, times the peer's", ours[1].rate(), theirs[1].rate(), 5);
  compare("100 a request: stored and duplicate events/s, of COPY with keys and marks", ours[100].rate() * 100, copied_all, 0.5);
  compare("1,000 a request: events/s, of COPY with keys and marks", ours[1'000].rate() * 1'000, copied_all, 0.5);
  compare("100 a request: events/s, of COPY into events alone", ours[100].rate() * 100, copied, 0.5);
  return failed == 0;
}

bool run_stripe_bench(const application_bench_settings& settings) {
  std::printf("stripe: %u connections, a payment each; CPU in ms an ack\n", settings.connections);
  header();
  const auto work = work_folder{settings.work_dir, false};
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto send = [&](std::uint16_t port, const watched& who) {
    return run_load(port, settings.connections, settings.seconds, who, [=](unsigned sender) {
      auto number = std::make_shared<std::uint64_t>(sender * 1'000'000'000ull);
      return [=]() {
        auto x = stripe_payment((*number)++, stripe_secret, now_s + 60);
        return load_request{"/ingest/stripe/webhook",
                            {{"content-type", "application/json"}, {"stripe-signature", std::move(x.signature)}},
                            std::move(x.body)};
      };
    });
  };
  auto ours = load_outcome{}, theirs = load_outcome{};
  {
    running_node node{settings.node, work / "stripe", node_environment};
    ours = send(node.port(), node.watch());
    report("node", ours, 1);
  }
  if (const auto peer = start_peer(settings, work)) {
    theirs = send(peer->port(), peer->watch());
    report("peer", theirs, 1);
  }
  compare("acks per CPU second, times the peer's", ours.acks_per_cpu_second(), theirs.acks_per_cpu_second(), 3);
  return ours.others == 0;
}

bool run_crawl_bench(const application_bench_settings& settings) {
  std::printf("crawl: 4 sources at once, 500 items a request; CPU in ms a request\n");
  header();
  const auto work = work_folder{settings.work_dir, false};
  running_node node{settings.node, work / "crawl", node_environment};
  const auto who = node.watch();
  auto db = database{who.database_url};
  constexpr auto sources = 4u;
  for (auto i = 0u; i < sources; ++i)
    db.run("INSERT INTO crawl_sources (id, name) VALUES ('bench" + std::to_string(i) + "', 'bench')");
  auto failed = std::uint64_t{0};
  const auto run = [&](const std::string& name, int changed_each) {
    const auto x = run_load(node.port(), sources, settings.seconds, who, [=](unsigned sender) {
      auto generation = std::make_shared<int>(0);
      return [=]() {
        return load_request{"/ingest/crawl",
                            {{"content-type", "application/json"}, {"x-app-token", application_token}},
                            crawl_body("bench" + std::to_string(sender), 500, ++*generation, changed_each)};
      };
    });
    report(name, x, 500);
    failed += x.others;
  };
  run("unchanged", 0);
  run("5% changed", 20);
  run("all changed", 1);
  return failed == 0;
}

namespace {

void add_days(database& db, const std::string& first, int days, long events) {
  // 100,000 rules by a law of few popular ones; 200,000 viewers.
  db.run("INSERT INTO metric_days (day) SELECT generate_series('" + first + "'::date, '" + first + "'::date + " +
         std::to_string(days - 1) + ", interval '1 day')::date ON CONFLICT (day) DO UPDATE SET changed = TRUE");
  db.run("INSERT INTO events (ts, received_at, viewer, type, rule_id, user_id) SELECT '" + first +
         "'::timestamptz + random() * interval '" + std::to_string(days) +
         " days', now(), md5((random() * 200000)::int::text)::uuid, "
         "(ARRAY['VIEW','VIEW','VIEW','VIEW','VIEW','COPY','COPY','SAVE','VOTE','FORK'])[1 + (random() * 9.999)::int % 10], "
         "'clrule' || (1000000000000 + floor(100000 * power(random(), 3)))::bigint, 'cluser' || (random() * 50000)::int "
         "FROM generate_series(1, " +
         std::to_string(events) + ")");
}

/// Seconds that psql takes for the hand-written rollup, in a transaction of which nothing stays.
double by_hand(const std::string& url, const std::string& date) {
  const auto script = std::string{INGOT_SOURCE_DIR} + "/bench/rollup_by_hand.sql";
  const auto command = "sed 's/^COMMIT;/ROLLBACK;/' '" + script + "' | psql -q -v ON_ERROR_STOP=1 -v date=" + date +
                       " -v views_max=5 -v decay=0.1 -v fork_weight=0.3 -v currency=usd '" + url + "' > /dev/null";
  const auto begin = steady::now();
  if (std::system(command.c_str()) != 0) // NOLINT(concurrency-mt-unsafe)
    throw std::runtime_error{"psql refused bench/rollup_by_hand.sql"};
  return seconds_since(begin);
}

} // namespace

bool run_rollup_bench(const application_bench_settings& settings) {
  std::printf("rollup: %ld events over 7 days\n", settings.rollup_events);
  const auto work = work_folder{settings.work_dir, false};
  auto environment = node_environment;
  environment["INGOT_DATABASE_STATEMENT_TIMEOUT_MS"] = "600000";
  running_node node{settings.node, work / "rollup", environment};
  const auto who = node.watch();
  auto db = database{who.database_url};
  db.run("INSERT INTO rules (id, author_user_id) SELECT 'clrule' || (1000000000000 + n), 'author' || n % 5000 FROM "
         "generate_series(0, 99999) n");
  const auto first = db.value("SELECT (now() AT TIME ZONE 'UTC')::date - 8");
  const auto last = db.value("SELECT (now() AT TIME ZONE 'UTC')::date - 2"),
             next = db.value("SELECT (now() AT TIME ZONE 'UTC')::date - 1");
  add_days(db, first, 7, settings.rollup_events);
  db.run("VACUUM ANALYZE events");
  db.run("CHECKPOINT");
  const auto roll = [&](const std::string& date) {
    auto client = testing::http_client{node.port(), std::chrono::minutes{30}};
    const auto begin = steady::now();
    const auto answer =
        client.request("POST", "/cron/rollup", {{"content-type", "application/json"}, {"x-cron-secret", "bench-cron-secret"}},
                       "{\"date\":\"" + date + "\",\"daysToProcess\":7}");
    if (answer.status != 200)
      throw std::runtime_error{"rollup: " + answer.body};
    return seconds_since(begin);
  };
  const auto rss_before = rss_mb(node.pid());
  const auto hand = by_hand(who.database_url, last);
  const auto ours = roll(last);
  std::printf("  by hand %.1f s, the node %.1f s\n", hand, ours);
  add_days(db, next, 1, settings.rollup_events / 7);
  db.run("VACUUM ANALYZE events");
  const auto ours_next = roll(next);
  const auto again = roll(next);
  std::printf("  the next day %.1f s; once more %.2f s; RSS of the node %.0f MB before, %.0f MB after\n", ours_next, again,
              rss_before, rss_mb(node.pid()));
  std::printf("  %-60s %6.2f (wanted at most 1.20)%s\n", "a week, times the hand-written", ours / hand,
              ours / hand <= 1.2 ? "" : "  SHORT");
  std::printf("  %-60s %6.2f (wanted at most 0.25)%s\n", "the next day, of the hand-written week", ours_next / hand,
              ours_next / hand <= 0.25 ? "" : "  SHORT");
  return true;
}

} // namespace ingot::bench
