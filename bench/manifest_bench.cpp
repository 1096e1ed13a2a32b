#include "bench/manifest_bench.hpp"

#include "bench/histogram.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "tests/support/http_client.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace ingot::bench {

namespace {

using steady = std::chrono::steady_clock;

constexpr double p50_ms_max = 1;

std::string manifest_with(const std::string& members) {
  return R"({"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
  "name": "io.github.octo-org/weather", "description": "Tells the weather of a place.", "version": "1.0.2",
  "repository": {"url": "https://github.com/octo-org/weather", "source": "github"})" +
         members + "}";
}

std::string package(const std::string& variable, int count) {
  auto variables = std::string{};
  for (auto i = 0; i < count; ++i)
    variables += (i == 0 ? "" : ",") + std::string{R"({"name": ")"} + variable + std::to_string(i) +
                 R"(", "description": "A setting of the server.", "format": "string", "isRequired": true})";
  return R"({"registryType": "npm", "identifier": "@octo-org/weather", "version": "1.0.2", "transport": {"type": "stdio"},
    "environmentVariables": [)" +
         variables + "]}";
}

struct measured {
  histogram latency;
  double seconds = 0;
  std::uint64_t wrong = 0;
};

measured measure(std::uint16_t port, const std::string& body, const manifest_bench_settings& settings) {
  auto of_threads = std::vector<measured>(settings.connections);
  auto threads = std::vector<std::thread>{};
  const auto begin = steady::now();
  const auto end = begin + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{settings.seconds});
  for (auto& mine : of_threads)
    threads.emplace_back([&mine, &body, port, end] {
      try {
        auto client = testing::http_client{port};
        for (auto at = steady::now(); at < end;) {
          const auto answer = client.request("POST", "/api/v1/manifests/validate", {}, body);
          const auto now = steady::now();
          mine.latency.add(static_cast<std::uint64_t>((now - at).count()));
          mine.wrong += answer.status == 200 ? 0 : 1;
          at = now;
        }
      } catch (const testing::http_error&) {
        ++mine.wrong;
      }
    });
  for (auto& each : threads)
    each.join();
  auto out = measured{};
  for (const auto& each : of_threads) {
    out.latency += each.latency;
    out.wrong += each.wrong;
  }
  out.seconds = std::chrono::duration<double>(steady::now() - begin).count();
  return out;
}

} // namespace

bool run_manifest_bench(const manifest_bench_settings& settings) {
  const auto folder = work_folder{settings.work_dir, false};
  auto node = running_node{settings.node, folder / "node", {{"INGOT_MCP_VALIDATIONS_PER_MINUTE", "0"}}};
  auto many = std::string{};
  for (auto i = 0; i < 200; ++i)
    many += i == 0 ? "{}" : ",{}";
  const std::vector<std::pair<const char*, std::string>> bodies{
      {"small", manifest_with(R"(, "packages": [)" + package("KEY", 2) + "]")},
      {"large", manifest_with(R"(, "packages": [)" + package("A", 50) + "," + package("B", 50) + "]")},
      {"faulty", manifest_with(R"(, "remotes": [)" + many + "]")}};
  std::printf("%-8s %8s %10s %9s %9s %9s\n", "manifest", "bytes", "a second", "p50 ms", "p99 ms", "max ms");
  auto good = true;
  for (const auto& [name, body] : bodies) {
    const auto x = measure(node.port(), body, settings);
    std::printf("%-8s %8zu %10.0f %9.3f %9.3f %9.3f%s\n", name, body.size(), static_cast<double>(x.latency.count()) / x.seconds,
                x.latency.quantile_ms(0.5), x.latency.quantile_ms(0.99), x.latency.max_ms(), x.wrong == 0 ? "" : "  WRONG ANSWERS");
    good = good && x.wrong == 0 && x.latency.quantile_ms(0.5) <= p50_ms_max;
  }
  return good;
}

} // namespace ingot::bench
