#pragma once

#include "bench/histogram.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ingot::bench {

/// One request as a quiet sender makes it.
struct quiet_request {
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// A sender with a steady, small rate and one connection of its own.
struct quiet_sender {
  std::string kind; ///< what it is counted with
  double rate = 10; ///< requests a second
  std::function<quiet_request(std::uint64_t number)> next;
};

/// What the senders of one kind got. Latencies count from when a request was meant to be sent.
struct quiet_counts {
  histogram latency;
  std::uint64_t answered = 0, refused = 0; ///< refused: any other status than 2xx, and connections that broke
};

/// Lets all of them send to 127.0.0.1:port for `seconds`, a thread each. @returns by kind
std::map<std::string, quiet_counts> run_quiet_senders(std::uint16_t port, const std::vector<quiet_sender>& senders,
                                                      double seconds);

} // namespace ingot::bench
