#pragma once

#include "bench/faults/findings.hpp"
#include "bench/faults/ledger.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ingot::faults {

/// What happened in a run, and what was found.
struct run_report {
  std::uint64_t seed = 0;
  unsigned nodes = 0;
  double seconds = 0, rest_seconds = 0; ///< of the load; after it, until all was quiet

  std::map<std::string, std::uint64_t> kills_at; ///< by failpoint
  std::uint64_t kills_at_random = 0;
  std::uint64_t kills_missed = 0;              ///< of those: meant to be at a failpoint that the node did not pass in time
  std::uint64_t stops_at_failpoints = 0;       ///< SIGSTOP there, and SIGCONT
  std::map<std::string, std::uint64_t> faults; ///< by kind

  std::array<std::uint64_t, intakes> acknowledged{};
  std::uint64_t sent_again = 0, retried = 0, broken_connections = 0;
  std::map<std::string, std::uint64_t> refusals; ///< by intake and status
  std::uint64_t orders = 0;                      ///< rollups, rebuilds, nightly runs, sweeps and syncs by hand
  std::uint64_t jobs_succeeded = 0, jobs_ended_with_reason = 0;
  std::map<std::string, std::uint64_t> job_reasons; ///< of the latter, by kind and reason
  std::uint64_t github_requests = 0, github_faults = 0;
  std::uint64_t looks = 0; ///< of the observer

  std::map<finding_kind, std::uint64_t> findings;
  std::vector<std::string> told;     ///< in words, the first of each kind
  std::vector<std::string> short_of; ///< failpoints and faults that the script wanted oftener than they happened

  std::uint64_t kills() const;
  std::uint64_t acks() const;
  std::uint64_t found() const;
  double rate() const { return seconds > 0 ? static_cast<double>(acks()) / seconds : 0; }
  bool sound() const { return found() == 0; }
  bool covered() const { return short_of.empty(); }
  std::uint64_t count(finding_kind of) const;

  /// A table for people.
  std::string text() const;
  /// One line of JSON.
  std::string json() const;
};

} // namespace ingot::faults
