#include "bench/suite.hpp"

#include <algorithm>
#include <cstdio>

namespace ingot::bench {
namespace {

template <class... Args>
void line(std::string& out, const char* format, Args... args) {
  char text[512];
  std::snprintf(text, sizeof text, format, args...);
  out += text;
  out += '\n';
}

double ratio(double a, double b) {
  return b > 0 ? a / b : 0;
}

} // namespace

const measurement* suite_result::run(const std::string& name) const {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const measurement& x) { return x.name == name; });
  return found == runs.end() ? nullptr : &*found;
}

const ceiling_result* suite_result::ceiling(ceiling_way way) const {
  const auto found = std::find_if(ceilings.begin(), ceilings.end(), [&](const ceiling_result& x) { return x.way == way; });
  return found == ceilings.end() ? nullptr : &*found;
}

std::vector<verdict> suite_result::verdicts() const {
  std::vector<verdict> out;
  const auto *peak = run("peak"), *peer = run("peer");
  const auto* insert = ceiling(ceiling_way::insert);
  if (peak && peer) {
    out.push_back(
        {"acks per CPU second, against the peer", ratio(peak->acks_per_cpu_second(), peer->acks_per_cpu_second()), 5, true, "x"});
    out.push_back({"acks/s, against the peer", ratio(peak->result.rate(), peer->result.rate()), 4, true, "x"});
  }
  if (peak && insert)
    out.push_back({"acks/s, against multi-row INSERT alone", ratio(peak->result.rate(), insert->rate), 0.6, true, "x"});
  if (peak)
    out.push_back({"CPU of the node for each ack", peak->server_ms, 0.10, false, "ms"});
  if (const auto* x = run("peak256"); x && insert)
    out.push_back({"the same with 256 connections", ratio(x->result.rate(), insert->rate), 0.6, true, "x"});
  if (const auto* x = run("seventy"))
    out.push_back({"p99 at 70% of the peak rate", x->result.latency.quantile_ms(0.99), 25, false, "ms"});
  if (const auto* x = run("light"))
    out.push_back({"p50 at 100/s", x->result.latency.quantile_ms(0.5), 3, false, "ms"});
  if (const auto* x = run("peak256"))
    out.push_back({"peak memory, 256 connections", x->rss_peak_mb, 150, false, "MB"});
  if (many_before_mb && many_peak_mb)
    out.push_back({"more memory, 100,000 repositories seen", *many_peak_mb - *many_before_mb, 250, false, "MB"});
  if (many_idle_mb && many_peak_mb)
    // "Given back" in figures: three quarters of what they took.
    out.push_back({"of that still held once they idle", ratio(*many_idle_mb - *many_before_mb, *many_peak_mb - *many_before_mb),
                   0.25, false, "x"});
  if (start_existing_seconds)
    out.push_back({"start on an existing data folder", *start_existing_seconds, 2, false, "s"});
  if (start_fresh_seconds)
    out.push_back({"first start, with initdb", *start_fresh_seconds, 8, false, "s"});
  return out;
}

bool suite_result::sound() const {
  return std::all_of(runs.begin(), runs.end(), [](const measurement& x) { return x.sound(); });
}

std::string suite_result::table() const {
  std::string out;
  line(out, "%-12s %6s %10s %9s %9s %9s %11s %11s %11s %9s  %s", "run", "conn", "acks/s", "p50 ms", "p99 ms", "max ms",
       "server ms", "postgres ms", "acks/CPU s", "peak MB", "rows");
  for (const auto& x : runs)
    line(out, "%-12s %6u %10.0f %9.2f %9.2f %9.1f %11.3f %11.3f %11.0f %9.0f  %s", x.name.c_str(), x.load.connections,
         x.result.rate(), x.result.latency.quantile_ms(0.5), x.result.latency.quantile_ms(0.99), x.result.latency.max_ms(),
         x.server_ms, x.postgres_ms, x.acks_per_cpu_second(), x.rss_peak_mb,
         !x.sound() ? "WRONG, see above"
         : x.rows   ? "as acknowledged"
                    : "none kept");
  out += '\n';
  double best = 0;
  for (const auto* name : {"peak", "peak256"})
    if (const auto* x = run(name))
      best = std::max(best, x->result.rate());
  for (const auto& x : ceilings) {
    line(out, "PostgreSQL alone, %-11s %8.0f deliveries/s, %.3f ms CPU each, %zu a transaction; the node at its best: %.2f of it",
         name_of(x.way).c_str(), x.rate, x.postgres_ms, x.batch, ratio(best, x.rate));
    std::string all;
    for (const auto& [batch, rate] : x.by_batch)
      all += "  " + std::to_string(batch) + ": " + std::to_string(static_cast<long>(rate));
    line(out, "%-28s by deliveries in a transaction:%s", "", all.c_str());
  }
  if (fdatasync_ms)
    line(out, "a write made durable on this disk (fdatasync of 8 KB): %.2f ms", *fdatasync_ms);
  if (const auto* null = run("null"), *peak = run("peak"); null && peak)
    line(out, "the server alone, storing nothing %6.0f acks/s; the node reaches %.2f of it", null->result.rate(),
         ratio(peak->result.rate(), null->result.rate()));
  if (many_before_mb)
    line(out, "memory: ready %.0f MB; 100,000 repositories seen %.0f MB (at most %.0f); idle again %.0f MB", *many_before_mb,
         many_after_mb.value_or(0), many_peak_mb.value_or(0), many_idle_mb.value_or(0));
  out += '\n';
  line(out, "%-42s %10s %12s   %s", "target", "got", "wanted", "verdict");
  for (const auto& x : verdicts()) {
    const auto falls_short =
        x.passed() ? std::string{"PASS"} : "short by " + std::to_string(static_cast<int>(x.short_by() * 100 + 0.5)) + "%";
    line(out, "%-42s %7.3f %-2s %s %6.2f %-2s   %s", x.what.c_str(), x.got, x.unit.c_str(), x.at_least ? ">=" : "<=", x.wanted,
         x.unit.c_str(), falls_short.c_str());
  }
  for (const auto& x : skipped)
    line(out, "not run: %s", x.c_str());
  return out;
}

std::string suite_result::json() const {
  json_line all, by_name, ceiling_lines, targets;
  for (const auto& x : runs)
    by_name.add(x.name, x.json());
  for (const auto& x : ceilings) {
    json_line batches;
    for (const auto& [batch, rate] : x.by_batch)
      batches.add(std::to_string(batch), rate);
    ceiling_lines.add(name_of(x.way), json_line{}
                                          .add("deliveries_per_s", x.rate)
                                          .add("batch", std::uint64_t{x.batch})
                                          .add("by_batch", batches)
                                          .add("deliveries", x.deliveries)
                                          .add("postgres_cpu_s_per_1000", x.postgres_ms));
  }
  for (const auto& x : verdicts())
    targets.add(x.what, json_line{}.add("got", x.got).add("wanted", x.wanted).add("unit", x.unit).add("passed", x.passed()));
  all.add("runs", by_name).add("ceilings", ceiling_lines).add("targets", targets);
  const auto add = [&](const char* name, const std::optional<double>& x) {
    if (x)
      all.add(name, *x);
  };
  add("fdatasync_ms", fdatasync_ms);
  add("start_fresh_s", start_fresh_seconds);
  add("start_existing_s", start_existing_seconds);
  add("many_rss_before_mb", many_before_mb);
  add("many_rss_peak_mb", many_peak_mb);
  add("many_rss_after_mb", many_after_mb);
  add("many_rss_idle_mb", many_idle_mb);
  return all.add("sound", sound()).text();
}

} // namespace ingot::bench
