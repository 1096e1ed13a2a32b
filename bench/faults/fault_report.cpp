#include "bench/faults/fault_report.hpp"

#include "bench/json_line.hpp"

#include <cstdio>
#include <numeric>

namespace ingot::faults {

namespace {

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& x) {
  return std::accumulate(x.begin(), x.end(), std::uint64_t{0}, [](auto sum, const auto& each) { return sum + each.second; });
}

bench::json_line object_of(const std::map<std::string, std::uint64_t>& x) {
  auto out = bench::json_line{};
  for (const auto& [name, n] : x)
    out.add(name, n);
  return out;
}

void add_row(std::string& to, const std::string& name, const std::string& value) {
  char line[200];
  std::snprintf(line, sizeof line, "| %-34s | %12s |\n", name.c_str(), value.c_str());
  to += line;
}

void add_row(std::string& to, const std::string& name, std::uint64_t value) {
  add_row(to, name, std::to_string(value));
}

std::string rounded(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}

} // namespace

std::uint64_t run_report::kills() const {
  return sum_of(kills_at) + kills_at_random;
}

std::uint64_t run_report::acks() const {
  return std::accumulate(acknowledged.begin(), acknowledged.end(), std::uint64_t{0});
}

std::uint64_t run_report::found() const {
  return std::accumulate(findings.begin(), findings.end(), std::uint64_t{0},
                         [](auto sum, const auto& x) { return sum + x.second; });
}

std::uint64_t run_report::count(finding_kind of) const {
  const auto found = findings.find(of);
  return found == findings.end() ? 0 : found->second;
}

std::string run_report::text() const {
  auto out = std::string{};
  add_row(out, "seed", seed);
  add_row(out, "nodes", std::uint64_t{nodes});
  add_row(out, "seconds of load", rounded(seconds));
  add_row(out, "seconds until all was quiet", rounded(rest_seconds));
  add_row(out, "SIGKILLs", kills());
  for (const auto& [name, n] : kills_at)
    add_row(out, "  at " + name, n);
  add_row(out, "  at random", kills_at_random);
  add_row(out, "    of them meant for a failpoint", kills_missed);
  add_row(out, "SIGSTOPs at failpoints", stops_at_failpoints);
  for (const auto& [name, n] : faults)
    add_row(out, name, n);
  add_row(out, "acknowledgements", acks());
  for (auto i = std::size_t{0}; i < intakes; ++i)
    add_row(out, "  " + std::string{intake_names[i]}, acknowledged[i]);
  add_row(out, "acknowledgements a second", rounded(rate()));
  add_row(out, "sent again for want of one", retried);
  add_row(out, "sent again on purpose", sent_again);
  add_row(out, "broken connections", broken_connections);
  for (const auto& [name, n] : refusals)
    add_row(out, "  refused: " + name, n);
  add_row(out, "orders to the nodes", orders);
  add_row(out, "jobs that succeeded", jobs_succeeded);
  add_row(out, "jobs that ended with a reason", jobs_ended_with_reason);
  for (const auto& [reason, n] : job_reasons)
    out += "|   " + std::to_string(n) + " " + reason + " |\n";
  add_row(out, "requests to the stand-in", github_requests);
  add_row(out, "  answered wrongly on purpose", github_faults);
  add_row(out, "looks of the observer", looks);
  for (auto i = std::size_t{0}; i < finding_names.size(); ++i)
    add_row(out, "found: " + std::string{finding_names[i]}, count(static_cast<finding_kind>(i)));
  for (const auto& x : told)
    out += "FOUND " + x + '\n';
  for (const auto& x : short_of)
    out += "NOT ENOUGH " + x + '\n';
  return out;
}

std::string run_report::json() const {
  auto acks_by_intake = bench::json_line{}, found_by_kind = bench::json_line{};
  for (auto i = std::size_t{0}; i < intakes; ++i)
    acks_by_intake.add(intake_names[i], acknowledged[i]);
  for (auto i = std::size_t{0}; i < finding_names.size(); ++i)
    found_by_kind.add(finding_names[i], count(static_cast<finding_kind>(i)));
  return bench::json_line{}
      .add("scenario", std::string{"faults"})
      .add("seed", seed)
      .add("nodes", std::uint64_t{nodes})
      .add("seconds", seconds)
      .add("rest_seconds", rest_seconds)
      .add("kills", kills())
      .add("kills_at", object_of(kills_at))
      .add("kills_at_random", kills_at_random)
      .add("kills_missed", kills_missed)
      .add("stops_at_failpoints", stops_at_failpoints)
      .add("faults", object_of(faults))
      .add("acks", acks())
      .add("acks_by_intake", acks_by_intake)
      .add("acks_per_second", rate())
      .add("retried", retried)
      .add("sent_again", sent_again)
      .add("broken_connections", broken_connections)
      .add("refusals", object_of(refusals))
      .add("orders", orders)
      .add("jobs_succeeded", jobs_succeeded)
      .add("jobs_ended_with_reason", jobs_ended_with_reason)
      .add("github_requests", github_requests)
      .add("github_faults", github_faults)
      .add("looks", looks)
      .add("findings", found_by_kind)
      .add("sound", sound())
      .add("covered", covered())
      .text();
}

} // namespace ingot::faults
