#include "bench/application_bench.hpp"
#include "bench/contents_bench.hpp"
#include "bench/faults/fault_run.hpp"
#include "bench/flood.hpp"
#include "bench/job_turns.hpp"
#include "bench/limiter_bench.hpp"
#include "bench/manifest_bench.hpp"
#include "bench/nightly_bench.hpp"
#include "bench/outage.hpp"
#include "bench/site_syncs.hpp"
#include "bench/soak.hpp"
#include "bench/suite.hpp"
#include "bench/takeover.hpp"
#include "storage/cluster.hpp"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include <CLI/CLI.hpp>

namespace {

using namespace ingot::bench;
namespace fs = std::filesystem;

struct load_options {
  std::string url = "http://127.0.0.1:8787", secret, database, data_dir, payloads, mix;
  load_settings load;
  plan_settings planned;
  watched who;
  bool json = false;
};

void describe(CLI::App& app, load_options& x) {
  x.planned.seed = static_cast<std::uint64_t>(std::time(nullptr));
  app.add_option("--url", x.url, "where the server listens")->capture_default_str();
  app.add_option("--secret", x.secret, "what deliveries are signed with")->envname("GITHUB_WEBHOOK_SECRET")->required();
  app.add_option("--connections", x.load.connections, "kept alive, one request in flight on each")->capture_default_str();
  app.add_option("--seconds", x.load.seconds, "measured")->capture_default_str();
  app.add_option("--warmup", x.load.warmup_seconds, "seconds sent before, not measured");
  app.add_option("--requests", x.load.requests, "end after so many (0: by time alone)");
  app.add_option("--rate", x.load.rate, "requests a second, latencies from the intended start (0: closed loop)");
  app.add_option("--presign", x.load.presigned, "sign so many requests before the clock starts");
  app.add_option("--repositories", x.planned.repositories, "size of the set")->capture_default_str();
  app.add_option("--pulls", x.planned.pulls_per_repository, "pull requests of each")->capture_default_str();
  app.add_flag("--sweep", x.planned.sweep, "repositories one after the other instead of at random");
  app.add_option("--mix", x.mix, "event=percent,… (push=25,pull_request=20,workflow_run=25,check_run=30)");
  app.add_option("--seed", x.planned.seed, "settles ids, repositories and order (default: the time)");
  app.add_option("--payloads", x.payloads, "folder of examples, or index.json of @octokit/webhooks-examples");
  app.add_option("--database", x.database, "connection string: check the rows afterwards");
  app.add_option("--data-dir", x.data_dir, "of a node with the embedded database: check the rows, measure PostgreSQL");
  app.add_option("--node-pid", x.who.server, "measure this server");
  app.add_option("--postgres-pid", x.who.postmaster, "measure this postmaster and its children");
  app.add_flag("--json", x.json, "only the line of JSON");
}

int load(load_options& x) {
  parse_url(x.url, x.load);
  x.load.secret = x.secret;
  x.planned.clock = 1'700'000'000;
  if (!x.mix.empty())
    x.planned.mix = parse_mix(x.mix);
  std::vector<std::string> events;
  for (const auto& [event, percent] : x.planned.mix)
    events.push_back(event);
  x.who.database_url = x.database;
  if (!x.data_dir.empty()) {
    x.who.database_url = ingot::storage::embedded_url(x.data_dir);
    std::ifstream in{fs::path{x.data_dir} / "postgres/data/postmaster.pid"};
    in >> x.who.postmaster;
  }
  const plan what{x.planned, make_templates(read_examples(find_examples(x.payloads), events), x.url.substr(7))};
  const auto out = measure("load", x.load, what, x.who);
  if (!x.json)
    std::fputs(out.text().c_str(), stdout);
  std::printf("%s\n", out.json().text().c_str());
  return out.sound() ? 0 : 1;
}

int run(const suite_settings& settings, const std::string& json_file, bool json_only) {
  const auto out = run_suite(settings);
  if (!json_only)
    std::printf("\n%s\n", out.table().c_str());
  std::printf("%s\n", out.json().c_str());
  if (!json_file.empty())
    std::ofstream{json_file} << out.json() << '\n';
  return out.sound() ? 0 : 1;
}

struct fault_options {
  ingot::faults::run_settings run;
  double minutes = 5;
  bool others = true;
  bool json = false;
};

void describe(CLI::App& app, fault_options& x) {
  auto& script = x.run.script;
  x.run.progress = true;
  script.nodes = 3;
  app.add_option("--node", x.run.binary, "the binary ingot")->required();
  app.add_option("--seed", script.seed, "settles the script and what is sent")->capture_default_str();
  app.add_option("--minutes", x.minutes, "of load at most; it ends when all kills and restarts are done")->capture_default_str();
  app.add_option("--nodes", script.nodes, "1 to 3")->check(CLI::Range(1, 3))->capture_default_str();
  app.add_option("--kills", script.kills, "SIGKILLs, a twentieth of them at each failpoint (0: 30 a minute)");
  app.add_option("--restarts", script.restarts, "of PostgreSQL, immediately, spread over the minutes");
  app.add_option("--stops", script.stops, "lives that are stopped at a failpoint (0: 2 a minute)");
  app.add_option("--points", script.points, "only these failpoints (default: all)")->delimiter(',');
  app.add_flag("!--no-others", x.others, "no faults but kills, stops and restarts");
  app.add_option("--rate", x.run.rate, "requests a second that are begun")->capture_default_str();
  app.add_flag("--json", x.json, "only the line of JSON on standard output");
}

int run(fault_options& x) {
  auto& script = x.run.script;
  script.length = std::chrono::milliseconds{static_cast<std::int64_t>(x.minutes * 60'000)};
  if (script.kills == 0)
    script.kills = static_cast<unsigned>(x.minutes * 30);
  if (x.others)
    script.others = ingot::faults::all_other_faults();
  if (script.stops == 0)
    script.stops = static_cast<unsigned>(x.minutes * 2);
  const auto out = ingot::faults::run_faults(x.run);
  if (!x.json)
    std::fputs(out.text().c_str(), stdout);
  std::printf("%s\n", out.json().c_str());
  return !out.sound() ? 1 : out.covered() ? 0 : 2;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures a node: load with real, signed payloads, the ceilings of this machine, a peer, and whether rows equal "
               "acknowledgements."};
  app.require_subcommand(1);

  load_options loaded;
  auto* load_command = app.add_subcommand("load", "send deliveries to a server that runs already");
  describe(*load_command, loaded);

  suite_settings settings;
  std::vector<std::string> scenarios;
  std::string json_file;
  bool json_only = false;
  auto* suite_command = app.add_subcommand("suite", "start nodes, the ceilings and the peer, and compare with the targets");
  suite_command->add_option("--node", settings.node, "the binary ingot")->required();
  suite_command->add_option("--null-server", settings.null_server, "the binary ingot-bench-null")->required();
  suite_command->add_option("--peer", settings.peer, "folder of the peer");
  suite_command->add_option("--payloads", settings.payloads, "folder of examples, or index.json of @octokit/webhooks-examples");
  suite_command
      ->add_option("--scenarios", scenarios, "some of: start peak ceilings light seventy peak256 null peer many (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(scenario_names()));
  suite_command->add_option("--seconds", settings.seconds, "measured in each run")->capture_default_str();
  suite_command->add_option("--warmup", settings.warmup_seconds, "seconds before")->capture_default_str();
  suite_command->add_option("--repositories", settings.repositories, "size of the set")->capture_default_str();
  suite_command->add_option("--idle-wait", settings.idle_wait_seconds, "seconds after `many`")->capture_default_str();
  suite_command->add_option("--seed", settings.seed, "settles ids, repositories and order")->capture_default_str();
  suite_command->add_option("--work-dir", settings.work_dir, "for data folders (default: a temporary one)");
  suite_command->add_flag("--keep", settings.keep, "leave the data folders");
  suite_command->add_option("--json-file", json_file, "write the line of JSON here too");
  suite_command->add_flag("--json", json_only, "only the line of JSON on standard output");

  site_bench_settings sites;
  auto* sites_command =
      app.add_subcommand("site-sync", "syncs of Drupal sites: sizes, kinds of change, many at once, and by hand");
  sites_command->add_option("--node", sites.node, "the binary ingot")->required();
  sites_command->add_option("--seconds", sites.seconds, "of each run")->capture_default_str();
  sites_command->add_option("--work-dir", sites.work_dir, "for data folders (default: a temporary one)");
  sites_command->add_flag("--quick", sites.quick, "only 1,000 modules");

  job_bench_settings jobs;
  auto* jobs_command = app.add_subcommand("jobs", "empty jobs through the engine, and what a claim costs with a million waiting");
  jobs_command->add_option("--node", jobs.node, "the binary ingot")->required();
  jobs_command->add_option("--jobs", jobs.jobs, "how many")->capture_default_str();
  jobs_command->add_option("--work-dir", jobs.work_dir, "for the data folder (default: a temporary one)");

  nightly_bench_settings nights;
  auto* nightly_command = app.add_subcommand("nightly", "a nightly run over followed repositories of a stand-in for GitHub");
  nightly_command->add_option("--node", nights.node, "the binary ingot")->required();
  nightly_command->add_option("--repositories", nights.repositories, "that are followed")->capture_default_str();
  nightly_command->add_option("--changed", nights.changed, "of them")->capture_default_str();
  nightly_command->add_option("--latency-ms", nights.latency_ms, "of every answer")->capture_default_str();
  nightly_command->add_option("--work-dir", nights.work_dir, "for repositories and data (default: a temporary one)");
  contents_bench_settings contents;
  auto* contents_command =
      app.add_subcommand("contents", "contents of repositories: first syncs beside git, pushes, unchanged ones");
  contents_command->add_option("--node", contents.node, "the binary ingot")->required();
  contents_command->add_option("--files", contents.files, "of a repository")->capture_default_str();
  contents_command->add_option("--rounds", contents.rounds, "of each; medians are shown")->capture_default_str();
  contents_command->add_option("--followed", contents.followed, "unchanged repositories")->capture_default_str();
  contents_command->add_option("--work-dir", contents.work_dir, "for repositories and data (default: a temporary one)");
  limiter_bench_settings limiter;
  auto* limiter_command = app.add_subcommand("limiter", "permits of the rate limiter in a second");
  limiter_command->add_option("--permits", limiter.permits, "in each run")->capture_default_str();

  manifest_bench_settings manifests;
  auto* manifests_command = app.add_subcommand("manifests", "manifests of MCP servers, judged over HTTP");
  manifests_command->add_option("--node", manifests.node, "the binary ingot")->required();
  manifests_command->add_option("--seconds", manifests.seconds, "of each run")->capture_default_str();
  manifests_command->add_option("--connections", manifests.connections, "kept alive, one request in flight on each")
      ->capture_default_str();
  manifests_command->add_option("--work-dir", manifests.work_dir, "for the data folder (default: a temporary one)");

  fault_options faults;
  auto* faults_command = app.add_subcommand(
      "faults", "nodes under load that are killed, stopped and cut off, and an oracle that looks for what is lost");
  describe(*faults_command, faults);

  application_bench_settings application;
  const auto add_application_bench = [&](const char* name, const char* what) {
    auto* command = app.add_subcommand(name, what);
    command->add_option("--node", application.node, "the binary ingot")->required();
    command->add_option("--peer", application.peer, "folder of the peer");
    command->add_option("--seconds", application.seconds, "of each run")->capture_default_str();
    command->add_option("--connections", application.connections, "kept alive, one request in flight on each")
        ->capture_default_str();
    command->add_option("--events", application.rollup_events, "of a rollup's week")->capture_default_str();
    command->add_option("--work-dir", application.work_dir, "for data folders (default: a temporary one)");
    return command;
  };
  const auto application_benches = std::vector<std::pair<CLI::App*, bool (*)(const application_bench_settings&)>>{
      {add_application_bench("events", "application events, the peer's, and COPY of the same rows"), run_event_bench},
      {add_application_bench("stripe", "Stripe's webhook, and the peer's"), run_stripe_bench},
      {add_application_bench("crawl", "crawl items: unchanged, some changed, all changed"), run_crawl_bench},
      {add_application_bench("rollup", "a rollup of a week of events, and the same by hand through psql"), run_rollup_bench},
  };

  takeover_settings takeover;
  auto* takeover_command = app.add_subcommand("takeover", "the work of nodes that are killed, stopped or paused, by others");
  takeover_command->add_option("--node", takeover.node, "the binary ingot")->required();
  takeover_command->add_option("--kinds", takeover.kinds, "of jobs (default: all)")->delimiter(',');
  takeover_command->add_option("--pauses", takeover.pauses, "past the lease, over the kinds in turn, instead of takeovers");
  takeover_command->add_option("--stops", takeover.stops, "graceful ones of each sort of work")->capture_default_str();
  takeover_command->add_option("--seed", takeover.seed, "at which pass of a fence a pause is")->capture_default_str();
  takeover_command->add_option("--work-dir", takeover.work_dir, "for data folders (default: a temporary one)");

  flood_settings flood;
  auto* flood_command = app.add_subcommand("flood", "quiet senders beside one that floods");
  flood_command->add_option("--node", flood.node, "the binary ingot")->required();
  flood_command->add_option("--seconds", flood.seconds, "of each round")->capture_default_str();
  flood_command->add_option("--rounds", flood.rounds, "quiet and flooded in turn")->capture_default_str();
  flood_command->add_option("--connections", flood.connections, "of the flood")->capture_default_str();
  flood_command->add_option("--times", flood.times, "what the node takes, offered by the flood")->capture_default_str();
  flood_command->add_option("--payloads", flood.payloads, "folder of examples, or index.json of @octokit/webhooks-examples");
  flood_command->add_option("--work-dir", flood.work_dir, "for the data folder (default: a temporary one)");

  outage_settings outage;
  auto* outage_command = app.add_subcommand("outage", "a database that is away for a while, under load");
  outage_command->add_option("--node", outage.node, "the binary ingot")->required();
  outage_command->add_option("--seconds", outage.seconds, "without a database")->capture_default_str();
  outage_command->add_option("--rate", outage.rate, "deliveries a second")->capture_default_str();
  outage_command->add_option("--payloads", outage.payloads, "folder of examples, or index.json of @octokit/webhooks-examples");
  outage_command->add_option("--work-dir", outage.work_dir, "for data folders (default: a temporary one)");

  soak_settings soak;
  auto* soak_command = app.add_subcommand("soak", "a steady load for a long time");
  soak_command->add_option("--node", soak.node, "the binary ingot")->required();
  soak_command->add_option("--minutes", soak.minutes, "of the load")->capture_default_str();
  soak_command->add_option("--rate", soak.rate, "deliveries a second (default: half of what the node takes)");
  soak_command->add_option("--payloads", soak.payloads, "folder of examples, or index.json of @octokit/webhooks-examples");
  soak_command->add_option("--work-dir", soak.work_dir, "for the data folder (default: a temporary one)");

  CLI11_PARSE(app, argc, argv);
  try {
    if (takeover_command->parsed())
      return run_takeover_bench(takeover) ? 0 : 1;
    if (flood_command->parsed())
      return run_flood_bench(flood) ? 0 : 1;
    if (outage_command->parsed())
      return run_outage_bench(outage) ? 0 : 1;
    if (soak_command->parsed())
      return run_soak_bench(soak) ? 0 : 1;
    for (const auto& [command, run_bench] : application_benches)
      if (command->parsed())
        return run_bench(application) ? 0 : 1;
    if (faults_command->parsed())
      return run(faults);
    if (manifests_command->parsed())
      return run_manifest_bench(manifests) ? 0 : 1;
    if (limiter_command->parsed())
      return run_limiter_bench(limiter) ? 0 : 1;
    if (jobs_command->parsed())
      return run_job_bench(jobs) ? 0 : 1;
    if (nightly_command->parsed())
      return run_nightly_bench(nights) ? 0 : 1;
    if (contents_command->parsed())
      return run_contents_bench(contents) ? 0 : 1;
    if (sites_command->parsed())
      return run_site_bench(sites) ? 0 : 1;
    settings.scenarios = {scenarios.begin(), scenarios.end()};
    return load_command->parsed() ? load(loaded) : run(settings, json_file, json_only);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ingot-bench: %s\n", e.what());
    return 2;
  }
}
