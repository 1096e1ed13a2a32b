#include "bench/quiet_senders.hpp"

#include "tests/support/http_client.hpp"

#include <chrono>
#include <optional>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

/// Numbers go on from run to run, so that no request is sent twice.
std::atomic<std::uint64_t> numbers{1};

quiet_counts send(std::uint16_t port, const quiet_sender& as, double seconds, double shift) {
  auto out = quiet_counts{};
  auto client = std::optional<testing::http_client>{};
  const auto begin = steady::now();
  const auto at = [&](std::uint64_t n) {
    return begin + std::chrono::duration_cast<steady::duration>(
                       std::chrono::duration<double>((static_cast<double>(n) + shift) / as.rate));
  };
  for (auto n = std::uint64_t{0}; at(n) < begin + std::chrono::duration<double>(seconds); ++n) {
    const auto x = as.next(numbers++);
    std::this_thread::sleep_until(at(n));
    try {
      if (!client)
        client.emplace(port);
      const auto status = client->request("POST", x.path, {x.headers.begin(), x.headers.end()}, x.body).status;
      out.latency.add(static_cast<std::uint64_t>(std::chrono::nanoseconds{steady::now() - at(n)}.count()));
      status / 100 == 2 ? ++out.answered : ++out.refused;
    } catch (const testing::http_error&) {
      client.reset();
      ++out.refused;
    }
  }
  return out;
}

} // namespace

std::map<std::string, quiet_counts> run_quiet_senders(std::uint16_t port, const std::vector<quiet_sender>& senders,
                                                      double seconds) {
  auto counts = std::vector<quiet_counts>(senders.size());
  auto threads = std::vector<std::thread>{};
  for (auto i = std::size_t{0}; i < senders.size(); ++i) // not all in the same moment
    threads.emplace_back(
        [&, i] { counts[i] = send(port, senders[i], seconds, static_cast<double>(i) / static_cast<double>(senders.size())); });
  auto out = std::map<std::string, quiet_counts>{};
  for (auto i = std::size_t{0}; i < senders.size(); ++i) {
    threads[i].join();
    auto& sum = out[senders[i].kind];
    sum.latency += counts[i].latency;
    sum.answered += counts[i].answered;
    sum.refused += counts[i].refused;
  }
  return out;
}

} // namespace ingot::bench
