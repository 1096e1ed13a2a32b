#pragma once

#include "bench/histogram.hpp"
#include "bench/plan.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ingot::bench {

struct load_settings {
  std::string host = "127.0.0.1"; ///< an IPv4 address
  std::uint16_t port = 8787;
  std::string secret;
  unsigned connections = 32;  ///< kept alive; one request in flight on each
  double warmup_seconds = 0;  ///< sent and checked like all, but not measured
  double seconds = 10;        ///< measured; ends earlier when `requests` are sent
  std::uint64_t requests = 0; ///< 0: no limit
  double rate = 0;            ///< requests a second (open loop); 0: as many as are answered (closed loop)
  double answer_timeout_seconds = 10;
  double window_seconds = 0; ///< latencies by windows of this length, too; 0: not
  std::uint64_t presigned =
      0; ///< so many requests are signed before the clock starts, which leaves the measured system its cores
};

struct load_result {
  std::uint64_t acks = 0;                ///< 2xx within the measured time
  double seconds = 0;                    ///< measured
  std::uint64_t bytes = 0;               ///< bodies of `acks`
  histogram latency;                     ///< of `acks`; from the intended start when a rate was given
  std::vector<histogram> windows;        ///< the same by the time of the answer, each window_seconds long
  std::map<int, std::uint64_t> statuses; ///< of all answers that were not 2xx, by status
  std::uint64_t connection_errors = 0;   ///< reset, closed early, timed out
  std::vector<bool> acked;               ///< by request number: all that were sent, warmup included
  std::uint64_t backlog_max = 0;         ///< open loop: most requests that were due and had no free connection

  std::uint64_t acked_total() const;
  std::uint64_t refused() const;
  double rate() const { return seconds > 0 ? static_cast<double>(acks) / seconds : 0; }
};

/// Sends the plan and reports. One thread, epoll. Throws std::system_error when nobody listens.
/// @param on_window called with true when measuring begins, false when it ends
load_result run_load(const load_settings& settings, const plan& what, const std::function<void(bool)>& on_window = {});

/// `http://127.0.0.1:8787/…` → host and port. Throws std::runtime_error for anything but http and an IPv4 address or localhost.
void parse_url(const std::string& url, load_settings& out);

} // namespace ingot::bench
