#include "telemetry/metrics.hpp"
#include "telemetry/process_usage.hpp"
#include "tests/support/catch.hpp"
#include "tests/telemetry/every_family.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <thread>

using namespace ingot;
using namespace ingot::telemetry;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++out;
  return out;
}

} // namespace

TEST_CASE("counters, gauges and histograms appear in the Prometheus text format") {
  metrics m{"0.1.0"};
  m.count_request("/webhook", 200);
  m.count_request("/webhook", 200);
  m.count_request("/webhook", 401, fault::bad_signature);
  m.count_request("/webhook", 503, fault::not_configured);
  m.http_refusals.at({"ambiguous_framing"}).add();
  m.verify_failures.at({"github", to_string(fault::bad_signature)}).add();
  m.count_delivery("push", delivery_outcome::stored, 3);
  m.committed(1, 3, 0.004);
  m.spooled(2, 0.001);
  m.connections.set(12);
  m.queue_depth.at({"writer"}).set(5);
  m.database.set(2);
  auto text = m.serialize();
  CHECK(has_line(text, R"(# TYPE ingot_http_requests_total counter)"));
  CHECK(has_line(text, R"(ingot_http_requests_total{route="/webhook",status="200"} 2)"));
  CHECK(has_line(text, R"(ingot_http_requests_total{route="/webhook",status="401"} 1)"));
  CHECK(has_line(text, R"(ingot_http_requests_total{code="not_configured",route="/webhook",status="503"} 1)"));
  CHECK(has_line(text, R"(ingot_http_refusals_total{reason="ambiguous_framing"} 1)"));
  CHECK(has_line(text, R"(ingot_verify_failures_total{reason="bad_signature",source="github"} 1)"));
  CHECK(has_line(text, R"(ingot_deliveries_total{event="push",outcome="stored"} 3)"));
  CHECK(has_line(text, R"(ingot_batch_groups_bucket{le="1"} 1)"));
  CHECK(has_line(text, R"(ingot_spooled_deliveries_total 2)"));
  CHECK(has_line(text, R"(ingot_batch_deliveries_bucket{le="2"} 0)"));
  CHECK(has_line(text, R"(ingot_batch_deliveries_bucket{le="4"} 1)"));
  CHECK(has_line(text, R"(ingot_commit_seconds_bucket{le="0.005"} 1)"));
  CHECK(has_line(text, R"(ingot_commit_seconds_count 1)"));
  CHECK(has_line(text, R"(ingot_http_connections 12)"));
  CHECK(has_line(text, R"(ingot_queue_depth{queue="writer"} 5)"));
  CHECK(has_line(text, R"(ingot_database_state 2)"));
  CHECK(has_line(text, R"(ingot_build_info{version="0.1.0"} 1)"));
}

TEST_CASE("every line of the metrics is a comment or `name{labels} number`") {
  metrics m{"0.1.0"};
  m.count_delivery("push", delivery_outcome::stored);
  m.http_refusals.at({"a \"quoted\"\nreason\\"}).add();
  const std::regex sample{R"rx([a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? [-+0-9.eEInfNa]+)rx"};
  std::istringstream in{m.serialize()};
  std::size_t samples = 0;
  for (std::string line; std::getline(in, line);) {
    INFO(line);
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE "))
      continue;
    CHECK(std::regex_match(line, sample));
    ++samples;
  }
  CHECK(samples > 50);
}

TEST_CASE("law 5: a sender cannot make series by inventing event names") {
  metrics m{"0.1.0"};
  for (int i = 0; i < 1000; ++i)
    m.count_delivery("invented_" + std::to_string(i), delivery_outcome::ignored);
  auto text = m.serialize();
  CHECK(has_line(text, R"(ingot_deliveries_total{event="other",outcome="ignored"} 1000)"));
  CHECK(count_of(text, "ingot_deliveries_total{") == 1);
  CHECK(event_label("workflow_run") == "workflow_run");
  CHECK(event_label("branch_protection_rule") == "branch_protection_rule");
  CHECK(event_label("workflow") == "other");
}

TEST_CASE("law 5: past the bound every further combination of labels counts as `other`") {
  metrics m{"0.1.0"};
  for (std::size_t i = 0; i < counters::series_max + 100; ++i)
    m.http_refusals.at({"reason_" + std::to_string(i)}).add();
  auto text = m.serialize();
  CHECK(count_of(text, "ingot_http_refusals_total{") == counters::series_max + 1);
  CHECK(has_line(text, R"(ingot_http_refusals_total{reason="other"} 100)"));
}

TEST_CASE("gauges that are set as a whole tell nothing of what is gone, and are bounded") {
  metrics m{"0.1.0"};
  m.rate_remaining.replace({{{"token", "core"}, 250}, {{"user/3", "core"}, 4'000}});
  CHECK(has_line(m.serialize(), R"(ingot_rate_remaining{budget="token",resource="core"} 250)"));
  m.rate_remaining.replace({{{"user/3", "core"}, 3'999}});
  const auto later = m.serialize();
  CHECK(has_line(later, R"(ingot_rate_remaining{budget="user/3",resource="core"} 3999)"));
  CHECK(later.find("token") == std::string::npos);
  auto many = std::vector<labelled_value>{};
  for (std::size_t i = 0; i < gauges::series_max + 100; ++i)
    many.push_back({{"installation/" + std::to_string(i), "core"}, 1});
  m.rate_remaining.replace(many);
  CHECK(count_of(m.serialize(), "ingot_rate_remaining{") == gauges::series_max);
  m.rate_remaining.replace({});
  CHECK(count_of(m.serialize(), "ingot_rate_remaining{") == 0);
}

TEST_CASE("gauges that somebody else counts are read at the scrape") {
  metrics m{"0.1.0"};
  int scrapes = 0;
  m.before_scrape([&](metrics& x) { x.connections.set(++scrapes); });
  CHECK(has_line(m.serialize(), "ingot_http_connections 1"));
  CHECK(has_line(m.serialize(), "ingot_http_connections 2"));
}

TEST_CASE("threads that count at once lose nothing") {
  metrics m{"0.1.0"};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        m.count_request("/webhook", 200u + static_cast<unsigned>(i % 4));
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(has_line(m.serialize(), R"(ingot_http_requests_total{route="/webhook",status="203"} 1000)"));
}

TEST_CASE("the process's own figures are plausible") {
  auto x = read_process_usage();
  CHECK(x.resident_bytes > 1e6);
  CHECK(x.resident_peak_bytes >= x.resident_bytes * 0.5);
  CHECK(x.cpu_seconds > 0);
  CHECK(x.open_descriptors >= 3);
  CHECK(x.descriptors_max >= x.open_descriptors);
  CHECK(x.started_at_seconds > 1.6e9);
  metrics m{"0.1.0"};
  CHECK(m.serialize().find("\nprocess_resident_memory_bytes ") != std::string::npos);
}

TEST_CASE("every metric is explained in docs/operating.md") {
  std::ifstream in{std::filesystem::path{INGOT_SOURCE_DIR} / "docs/operating.md"};
  std::string manual{std::istreambuf_iterator<char>{in}, {}};
  metrics m{"0.1.0"};
  testing::give_every_family_a_series(m);
  std::istringstream lines{m.serialize()};
  std::size_t names = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE "))
      continue;
    auto name = line.substr(7, line.find(' ', 7) - 7);
    INFO(name);
    CHECK(manual.find("| `" + name + "` |") != std::string::npos);
    ++names;
  }
  CHECK(names == 56);
}
