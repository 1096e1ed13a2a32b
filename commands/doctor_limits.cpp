#include "commands/doctor.hpp"

#include "commands/process_bounds.hpp"

#include <unistd.h>

#include <algorithm>

namespace ingot::commands {

namespace {

// GitHub's documentation, "Webhook events and payloads": payloads are capped at 25 MB.
constexpr std::size_t github_body_bytes = 25'000'000;
// GitHub ends a delivery that is not answered within ten seconds.
constexpr milliseconds github_patience{10'000};

std::string in_mib(std::size_t bytes) {
  return std::to_string(bytes / (1024 * 1024)) + " MiB";
}

} // namespace

findings examine_limits(const settings& of) {
  findings out;
  if (of.server.body_bytes_max < github_body_bytes)
    out.push_back({"body limit", verdict::warn,
                   "server.body_bytes_max is " + in_mib(of.server.body_bytes_max) + "; GitHub sends up to 25 MB",
                   "raise it to 25MiB, or large pushes are refused with 413 and lost"});
  if (of.database.statement_timeout >= github_patience)
    out.push_back(
        {"statement timeout", verdict::warn,
         "database.statement_timeout_ms is " + std::to_string(of.database.statement_timeout.count()) + "; GitHub waits 10,000",
         "lower it to some seconds: a database that hangs is noticed only after it, and the spool takes over too late"});
  const auto machine = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto judged = find_judged_process(of);
  const auto group = cgroup_memory_bytes_max(judged.proc).value_or(machine);
  const auto memory = std::min<std::size_t>(machine, group);
  const auto bodies = of.server.bytes_in_flight_max + of.sites.bytes_in_flight_max;
  if (bodies > memory / 2)
    out.push_back({"memory", verdict::warn,
                   "bodies in flight may take " + in_mib(bodies) + " of " +
                       (memory < machine ? "the " + in_mib(memory) + " that the control group of " + judged.name + " may take"
                                         : "this machine's " + in_mib(memory)),
                   "lower server.bytes_in_flight_max or sites.bytes_in_flight_max"});
  if (out.empty())
    out.push_back({"limits", verdict::ok, "as senders and this machine need them", ""});
  return out;
}

} // namespace ingot::commands
