#include "bench/suite.hpp"

#include "bench/libpq_environment.hpp"
#include "bench/processes.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "storage/cluster.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace ingot::bench {
namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

namespace {

// Source times begin here and advance a second with each request, so that no event is stale.
constexpr std::int64_t clock_begin = 1'700'000'000;

void say(const std::string& text) {
  std::fprintf(stderr, "bench: %s\n", text.c_str());
}

/// Median milliseconds that the disk takes to make 8 KB durable.
double measure_fdatasync(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string page(8192, 'x');
  std::vector<double> took;
  for (int i = 0; i != 64; ++i) {
    const auto begin = steady::now();
    // In place after the first round, as a write-ahead log is overwritten.
    if (pwrite(fd, page.data(), page.size(), i % 32 * 8192) < 0 || fdatasync(fd) != 0)
      throw std::runtime_error("cannot write " + file.string());
    if (i >= 32)
      took.push_back(std::chrono::duration<double, std::milli>(steady::now() - begin).count());
  }
  close(fd);
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

class suite {
public:
  explicit suite(const suite_settings& settings)
      : settings_{settings}, work_{settings.work_dir, settings.keep}, examples_{read_examples(find_examples(settings.payloads),
                                                                                              {"push", "pull_request",
                                                                                               "workflow_run", "check_run"})} {}

  suite_result run() {
    out_.fdatasync_ms = measure_fdatasync(work_ / "fdatasync");
    if (wants({"start", "peak", "seventy", "light", "peak256", "ceilings"}))
      main_node();
    if (wants({"null"}))
      null();
    if (wants({"peer"}))
      peer();
    if (wants({"many"}))
      many();
    return std::move(out_);
  }

private:
  bool wants(std::initializer_list<const char*> names) const {
    return settings_.scenarios.empty() ||
           std::any_of(names.begin(), names.end(), [&](const char* x) { return settings_.scenarios.count(x) != 0; });
  }

  plan make_plan(std::uint16_t port, std::uint32_t repositories, bool sweep = false) {
    plan_settings x;
    // Each run has a seed of its own, and with it ids and repositories of its own.
    x.seed = settings_.seed + runs_++;
    x.repositories = repositories;
    x.sweep = sweep;
    x.clock = clock_begin;
    return {x, make_templates(examples_, "127.0.0.1:" + std::to_string(port))};
  }

  load_settings make_load(std::uint16_t port, unsigned connections, double rate = 0) const {
    load_settings x;
    x.port = port;
    x.secret = webhook_secret;
    x.connections = connections;
    x.seconds = settings_.seconds;
    x.warmup_seconds = settings_.warmup_seconds;
    x.rate = rate;
    x.presigned = static_cast<std::uint64_t>((x.seconds + x.warmup_seconds) * (rate > 0 ? rate : 12'000));
    return x;
  }

  const measurement& measured(const std::string& name, const load_settings& load, const plan& what, const watched& who) {
    say(name + " …");
    out_.runs.push_back(measure(name, load, what, who));
    std::fputs(out_.runs.back().text().c_str(), stderr);
    return out_.runs.back();
  }

  void main_node() {
    const auto data = work_ / "node";
    {
      running_node node{settings_.node, data};
      out_.start_fresh_seconds = node.ready_seconds();
      const auto what = make_plan(node.port(), settings_.repositories);
      const auto peak = measured("peak", make_load(node.port(), 32), what, node.watch());
      node.stop();
      if (wants({"ceilings"}))
        ceilings(data, what, peak.result);
    }
    {
      running_node node{settings_.node, data};
      out_.start_existing_seconds = node.ready_seconds();
      if (wants({"light"})) {
        auto load = make_load(node.port(), 32, 100);
        measured("light", load, make_plan(node.port(), settings_.repositories), node.watch());
      }
      if (wants({"seventy"})) {
        const auto rate = 0.7 * out_.run("peak")->result.rate();
        measured("seventy", make_load(node.port(), 32, rate), make_plan(node.port(), settings_.repositories), node.watch());
      }
    }
    if (wants({"peak256"})) {
      running_node node{settings_.node, data};
      measured("peak256", make_load(node.port(), 256), make_plan(node.port(), settings_.repositories), node.watch());
    }
  }

  void ceilings(const fs::path& data, const plan& what, const load_result& result) {
    say("PostgreSQL alone …");
    storage::embedded_cluster cluster{data};
    ceiling_settings x;
    x.url = cluster.url();
    x.postmaster = cluster.pid();
    out_.ceilings = measure_ceilings(x, what, result);
    for (const auto& each : out_.ceilings)
      say(name_of(each.way) + ": " + std::to_string(static_cast<long>(each.rate)) + " deliveries/s");
  }

  void null() {
    const auto port = free_port();
    const auto log = work_ / "null.log";
    child server{{settings_.null_server.string()}, {{"PORT", std::to_string(port)}}, log};
    for (int i = 0; http_status(port, "/") == 0; ++i) {
      if (i == 400 || server.ended())
        throw std::runtime_error("the null server does not start, see " + log.string());
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    auto load = make_load(port, 32);
    load.seconds = std::min(load.seconds, 6.0);
    load.warmup_seconds = 1;
    load.presigned = 400'000;
    watched who;
    who.server = server.pid();
    measured("null", load, make_plan(port, settings_.repositories), who);
  }

  void peer() {
    if (settings_.peer.empty() || !fs::exists(settings_.peer / "node_modules")) {
      out_.skipped.push_back("peer: run `npm ci` in bench/peers/fastify (nodejs and npm are needed)");
      return;
    }
    const auto data = work_ / "peer";
    fs::create_directories(data);
    storage::embedded_cluster cluster{data};
    const auto port = free_port();
    const auto log = work_ / "peer.log";
    auto environment = libpq_environment(cluster.url());
    environment["PORT"] = std::to_string(port);
    environment["GITHUB_WEBHOOK_SECRET"] = webhook_secret;
    const auto begin = steady::now();
    child server{{"node", (settings_.peer / "server.js").string()}, environment, log};
    wait_until_ready(server, port, "/ready", begin, log);
    watched who;
    who.server = server.pid();
    who.server_has_workers = true;
    who.postmaster = cluster.pid();
    who.database_url = cluster.url();
    auto load = make_load(port, 32);
    load.presigned /= 2;
    measured("peer", load, make_plan(port, settings_.repositories), who);
  }

  void many() {
    running_node node{settings_.node, work_ / "many"};
    out_.many_before_mb = rss_mb(node.pid());
    auto load = make_load(node.port(), 32);
    load.warmup_seconds = 0;
    load.seconds = 120;
    load.requests = load.presigned = settings_.many_repositories;
    const auto& x = measured("many", load, make_plan(node.port(), settings_.many_repositories, true), node.watch());
    out_.many_peak_mb = x.rss_peak_mb;
    out_.many_after_mb = x.rss_mb;
    say("waiting " + std::to_string(settings_.idle_wait_seconds) + " s until they idle …");
    const auto until = steady::now() + std::chrono::seconds{settings_.idle_wait_seconds};
    while (steady::now() < until)
      std::this_thread::sleep_for(std::chrono::seconds{1});
    out_.many_idle_mb = rss_mb(node.pid());
  }

  const suite_settings& settings_;
  work_folder work_;
  std::vector<example> examples_;
  suite_result out_;
  std::uint64_t runs_ = 0;
};

} // namespace

const std::vector<std::string>& scenario_names() {
  static const std::vector<std::string> names{"start", "peak", "ceilings", "light", "seventy", "peak256", "null", "peer", "many"};
  return names;
}

suite_result run_suite(const suite_settings& settings) {
  return suite{settings}.run();
}

} // namespace ingot::bench
