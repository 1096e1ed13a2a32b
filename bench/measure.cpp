#include "bench/measure.hpp"

#include "bench/processes.hpp"

#include <cstdio>

#include <unistd.h>

namespace ingot::bench {
namespace {

struct cpu_reading {
  double server = 0, postgres = 0, generator = 0;
};

cpu_reading read_cpu(const watched& who) {
  cpu_reading out;
  if (who.server != 0)
    out.server = who.server_has_workers ? cpu_seconds_of_tree(who.server) : cpu_seconds(who.server);
  if (who.postmaster != 0)
    out.postgres = cpu_seconds_of_tree(who.postmaster);
  out.generator = cpu_seconds(getpid());
  return out;
}

template <class... Args>
void append(std::string& out, const char* format, Args... args) {
  char text[512];
  std::snprintf(text, sizeof text, format, args...);
  out += text;
}

} // namespace

double measurement::acks_per_cpu_second() const {
  const auto ms = server_ms + postgres_ms;
  return ms > 0 ? 1000 / ms : 0;
}

bool measurement::sound() const {
  return result.acks != 0 && result.refused() == 0 && (!rows || rows->faults().empty());
}

json_line measurement::json() const {
  json_line out, statuses;
  for (const auto& [status, count] : result.statuses)
    statuses.add(std::to_string(status), count);
  out.add("name", name)
      .add("acks_per_s", result.rate())
      .add("acks", result.acks)
      .add("seconds", result.seconds)
      .add("connections", std::uint64_t{load.connections})
      .add("rate", load.rate)
      .add("repositories", std::uint64_t{planned.repositories})
      .add("body_bytes_mean", result.acks == 0 ? 0.0 : static_cast<double>(result.bytes) / static_cast<double>(result.acks))
      .add("p50_ms", result.latency.quantile_ms(0.5))
      .add("p90_ms", result.latency.quantile_ms(0.9))
      .add("p99_ms", result.latency.quantile_ms(0.99))
      .add("max_ms", result.latency.max_ms())
      .add("server_cpu_s_per_1000", server_ms)
      .add("postgres_cpu_s_per_1000", postgres_ms)
      .add("generator_cpu_s_per_1000", generator_ms)
      .add("acks_per_cpu_s", acks_per_cpu_second())
      .add("rss_peak_mb", rss_peak_mb)
      .add("rss_mb", rss_mb)
      .add("errors", statuses)
      .add("connection_errors", result.connection_errors)
      .add("acks_all", result.acked_total());
  if (rows) {
    json_line faults;
    for (const auto& [fault, count] : rows->faults())
      faults.add(fault, count);
    out.add("delivery_rows", rows->delivery_rows)
        .add("pull_requests_compared", rows->pull_requests)
        .add("pipelines_compared", rows->pipelines)
        .add("builds_compared", rows->builds)
        .add("row_faults", faults);
  }
  return out.add("sound", sound());
}

std::string measurement::text() const {
  std::string out;
  append(out,
         "%-10s %8.0f acks/s   p50 %.2f  p99 %.2f  max %.1f ms   CPU per ack: server %.3f, PostgreSQL %.3f, generator %.3f ms\n",
         name.c_str(), result.rate(), result.latency.quantile_ms(0.5), result.latency.quantile_ms(0.99), result.latency.max_ms(),
         server_ms, postgres_ms, generator_ms);
  append(out, "%-10s %8llu acks in %.1f s, %u connections; memory %.0f MB, at most %.0f MB\n", "",
         static_cast<unsigned long long>(result.acks), result.seconds, load.connections, rss_mb, rss_peak_mb);
  for (const auto& [status, count] : result.statuses)
    append(out, "%-10s status %d: %llu\n", "", status, static_cast<unsigned long long>(count));
  if (result.connection_errors != 0)
    append(out, "%-10s connection errors: %llu\n", "", static_cast<unsigned long long>(result.connection_errors));
  if (!rows)
    return out;
  append(
      out, "%-10s rows: %lld acknowledged, %lld deliveries kept; compared %lld pull requests, %lld pipelines, %lld builds: ", "",
      static_cast<long long>(rows->acks), static_cast<long long>(rows->delivery_rows),
      static_cast<long long>(rows->pull_requests), static_cast<long long>(rows->pipelines), static_cast<long long>(rows->builds));
  if (rows->faults().empty())
    out += "all as acknowledged\n";
  else
    for (const auto& [fault, count] : rows->faults())
      append(out, "WRONG %s: %lld  ", fault.c_str(), static_cast<long long>(count));
  if (out.back() != '\n')
    out += '\n';
  return out;
}

measurement measure(std::string name, const load_settings& load, const plan& what, const watched& who) {
  measurement out;
  out.name = std::move(name);
  out.load = load;
  out.planned = what.settings();
  cpu_reading before, after;
  out.result = run_load(load, what, [&](bool begins) { (begins ? before : after) = read_cpu(who); });
  if (const auto acks = static_cast<double>(out.result.acks); acks > 0) {
    out.server_ms = (after.server - before.server) * 1000 / acks;
    out.postgres_ms = (after.postgres - before.postgres) * 1000 / acks;
    out.generator_ms = (after.generator - before.generator) * 1000 / acks;
  }
  if (who.server != 0) {
    for (auto each : who.server_has_workers ? tree_of(who.server) : std::vector{who.server}) {
      out.rss_peak_mb += rss_peak_mb(each);
      out.rss_mb += rss_mb(each);
    }
  }
  if (!who.database_url.empty()) {
    database db{who.database_url};
    out.rows = check_rows(db, what, out.result);
  }
  return out;
}

} // namespace ingot::bench
