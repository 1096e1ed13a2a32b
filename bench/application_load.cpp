#include "bench/application_load.hpp"

#include "bench/processes.hpp"
#include "tests/support/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

/// Made before the clock starts, so that the generator's work does not stand in the way; then sent in this order.
constexpr std::size_t prepared_max = 16'000;

double server_cpu(const watched& who) {
  return who.server_has_workers ? cpu_seconds_of_tree(who.server) : cpu_seconds(who.server);
}

double quantile(std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

} // namespace

load_outcome run_load(std::uint16_t port, unsigned connections, double seconds, const watched& who,
                      const std::function<std::function<load_request()>(unsigned)>& sender) {
  auto times = std::vector<std::vector<double>>(connections);
  auto others = std::atomic<std::uint64_t>{0};
  auto ready = std::atomic<unsigned>{0};
  auto go = std::atomic<bool>{false}, measuring = std::atomic<bool>{false}, end = std::atomic<bool>{false};
  auto senders = std::vector<std::thread>{};
  for (auto i = 0u; i < connections; ++i)
    senders.emplace_back([&, i] {
      const auto next = sender(i);
      auto prepared = std::vector<load_request>{};
      for (auto n = std::size_t{0}; n < prepared_max / connections + 1; ++n)
        prepared.push_back(next());
      auto client = testing::http_client{port};
      ++ready;
      while (!go)
        std::this_thread::yield();
      for (auto n = std::size_t{0}; !end; ++n) {
        const auto x = n < prepared.size() ? std::move(prepared[n]) : next();
        const auto begin = steady::now();
        const auto answer = client.request("POST", x.path, x.headers, x.body);
        const auto ms = std::chrono::duration<double, std::milli>(steady::now() - begin).count();
        if (answer.status != 200 && others++ == 0)
          std::fprintf(stderr, "bench: %d %s\n", answer.status, answer.body.substr(0, 300).c_str());
        if (measuring && answer.status == 200)
          times[i].push_back(ms);
      }
    });
  while (ready < connections)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  go = true;
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const auto server_before = server_cpu(who), postgres_before = cpu_seconds_of_tree(who.postmaster);
  const auto begin = steady::now();
  measuring = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  measuring = false;
  auto out = load_outcome{};
  out.seconds = std::chrono::duration<double>(steady::now() - begin).count();
  const auto server_used = server_cpu(who) - server_before, postgres_used = cpu_seconds_of_tree(who.postmaster) - postgres_before;
  out.server_rss_mb = rss_mb(who.server);
  end = true;
  for (auto& x : senders)
    x.join();
  auto all = std::vector<double>{};
  for (const auto& x : times)
    all.insert(all.end(), x.begin(), x.end());
  std::sort(all.begin(), all.end());
  out.acks = all.size();
  out.others = others;
  out.p50_ms = quantile(all, 0.5);
  out.p99_ms = quantile(all, 0.99);
  if (out.acks > 0) {
    out.server_ms = server_used * 1e3 / static_cast<double>(out.acks);
    out.postgres_ms = postgres_used * 1e3 / static_cast<double>(out.acks);
  }
  return out;
}

} // namespace ingot::bench
