#pragma once

#include "bench/measure.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ingot::bench {

/// One request as it is sent.
struct load_request {
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What a closed loop of senders found.
struct load_outcome {
  std::uint64_t acks = 0, others = 0; ///< answers 200, and all others
  double seconds = 0, p50_ms = 0, p99_ms = 0;
  double server_ms = 0, postgres_ms = 0; ///< CPU for each ack
  double server_rss_mb = 0;

  double rate() const { return seconds > 0 ? static_cast<double>(acks) / seconds : 0; }
  double acks_per_cpu_second() const { return server_ms + postgres_ms > 0 ? 1e3 / (server_ms + postgres_ms) : 0; }
};

/// Sends on `connections` connections, one request in flight on each, for `seconds`. The first second is not measured.
/// @param next makes the next request of a sender, on the sender's thread
load_outcome run_load(std::uint16_t port, unsigned connections, double seconds, const watched& who,
                      const std::function<std::function<load_request()>(unsigned sender)>& sender);

} // namespace ingot::bench
