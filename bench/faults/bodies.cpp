#include "bench/faults/bodies.hpp"

#include "bench/application_bodies.hpp"
#include "bench/site_bodies.hpp"
#include "model/time.hpp"
#include "tests/support/node.hpp"
#include "tests/support/payloads.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace ingot::faults {

namespace {

/// A number that the seed and the place give (splitmix64).
std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  auto x = seed * 0x9e3779b97f4a7c15ull + a * 0xbf58476d1ce4e5b9ull + b * 0x94d049bb133111ebull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

std::uint64_t mixed(const run_clock& at, std::int64_t chain, std::size_t step) {
  return mixed(at.seed, static_cast<std::uint64_t>(chain), step);
}

std::vector<testing::header> as_application() {
  return {{"content-type", "application/json"}, {"x-app-token", std::string{testing::application_token}}};
}

request delivery(std::string_view event, const std::string& id, std::string body) {
  auto headers = testing::delivery_headers(event, id, body, testing::webhook_secret);
  return {"/webhook", std::move(headers), std::move(body)};
}

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::uint64_t payment_number(std::int64_t chain) {
  return static_cast<std::uint64_t>(chain);
}

} // namespace

std::string delivery_id(std::uint64_t seed, intake of, std::int64_t chain, std::size_t step) {
  char text[64];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%012llx", static_cast<unsigned>(seed), static_cast<unsigned>(of),
                static_cast<unsigned>(step >> 12) & 0xfff, static_cast<unsigned>(step) & 0xfff,
                static_cast<unsigned long long>(chain));
  return text;
}

bool parse_delivery_id(std::uint64_t seed, const std::string& id, intake& of, std::int64_t& chain, std::size_t& step) {
  auto run = 0u, kind = 0u, high = 0u, low = 0u;
  auto of_chain = 0ull;
  if (std::sscanf(id.c_str(), "%8x-%4x-4%3x-8%3x-%12llx", &run, &kind, &high, &low, &of_chain) != 5 ||
      run != static_cast<unsigned>(seed) || kind >= intakes)
    return false;
  of = static_cast<intake>(kind);
  chain = static_cast<std::int64_t>(of_chain);
  step = (std::size_t{high} << 12) | low;
  return true;
}

std::string repository_name(std::int64_t repository) {
  return "faults/r" + std::to_string(repository);
}

request github_delivery(const run_clock& at, std::int64_t repository, std::size_t step) {
  auto body = testing::pull_request_step(repository, repository_name(repository), static_cast<int>(step));
  if (repository % 64 != 0) // else a job asks GitHub for the files of every head, and GitHub's limit is the run's limit
    body.replace(body.rfind('}'), 1, R"(,"files_changed":[]})");
  return delivery("pull_request", delivery_id(at.seed, intake::github, repository, step), std::move(body));
}

request push_delivery(const run_clock& at, std::int64_t chain, std::size_t step, std::string body) {
  return delivery("push", delivery_id(at.seed, intake::push, chain, step), std::move(body));
}

std::vector<told_event> events_of(const run_clock& at, std::int64_t chain, std::size_t step) {
  constexpr std::array<const char*, 4> types{"COPY", "SAVE", "FORK", "VOTE"};
  const auto any = mixed(at, chain, step);
  const auto place = std::to_string(chain) + '-' + std::to_string(step);
  auto out = std::vector<told_event>{};
  for (auto i = 0u; i < 1 + any % 4; ++i) {
    const auto one = mixed(any, i, 7);
    out.push_back({"k" + std::to_string(at.seed) + '-' + place + '-' + std::to_string(i), types[one % 4],
                   "rule" + std::to_string(one / 4 % 200)});
  }
  if (any / 4 % 5 == 0) // of an address of its own: nothing else makes it a repetition
    out.push_back({"", "VIEW", "seen" + place});
  return out;
}

request event_request(const run_clock& at, std::int64_t chain, std::size_t step) {
  const auto ts = to_rfc3339(timestamp{std::chrono::seconds{at.began_s}});
  auto body = std::string{"{\"events\":["};
  auto separator = std::string{};
  for (const auto& x : events_of(at, chain, step)) {
    body += separator + R"({"type":")" + x.type + R"(","ruleId":")" + x.rule + R"(","ts":")" + ts + '"';
    body += x.key.empty() ? "}" : R"(,"idempotencyKey":")" + x.key + "\"}";
    separator = ",";
  }
  auto headers = as_application();
  const auto host = mixed(at, chain, step) % 0xffffff;
  headers.emplace_back("x-forwarded-for", "10." + std::to_string(host >> 16) + '.' + std::to_string(host >> 8 & 255) + '.' +
                                              std::to_string(host & 255));
  return {"/ingest/events", std::move(headers), body + "]}"};
}

std::string stripe_event_id(std::int64_t chain, std::size_t step) {
  return (step == 0 ? "evt_bench" : "evt_back") + std::to_string(payment_number(chain));
}

std::size_t steps_of_payment(const run_clock& at, std::int64_t chain) {
  return refunded_cents(at, chain) > 0 ? 2 : 1;
}

std::int64_t refunded_cents(const run_clock& at, std::int64_t chain) {
  const auto any = mixed(at, chain, 99);
  return any % 3 == 0 ? 1 + static_cast<std::int64_t>(any / 3 % (paid_cents - 1)) : 0;
}

request stripe_delivery(const run_clock& at, std::int64_t chain, std::size_t step) {
  const auto number = payment_number(chain);
  const auto id = std::to_string(number);
  auto body = bench::stripe_payment_body(number, at.began_s);
  if (step == 1)
    body = R"({"id":")" + stripe_event_id(chain, 1) + R"(","object":"event","api_version":"2024-06-20","created":)" +
           std::to_string(at.began_s + 60) + R"(,"livemode":true,"type":"charge.refunded","data":{"object":{"id":"ch_bench)" +
           id + R"(","object":"charge","payment_intent":"pi_bench)" + id +
           R"(","amount":1500,"amount_captured":1500,"currency":"usd","created":)" + std::to_string(at.began_s) +
           R"(,"amount_refunded":)" + std::to_string(refunded_cents(at, chain)) + "}}}";
  auto signature = bench::stripe_signature(body, std::string{testing::stripe_secret}, now_s());
  return {"/ingest/stripe/webhook",
          {{"content-type", "application/json"}, {"stripe-signature", std::move(signature)}},
          std::move(body)};
}

std::string crawl_source(std::int64_t chain) {
  return "partner" + std::to_string(chain);
}

request crawl_request(std::int64_t chain, std::size_t step) {
  return {"/ingest/crawl", as_application(),
          bench::crawl_body(crawl_source(chain), items_of_a_source, static_cast<int>(step) + 1, 1)};
}

testing::sync_body site_inventory_at(std::size_t step) {
  auto out = testing::sync_body{bench::time_text(static_cast<std::int64_t>(step))};
  out.module("stays", "8.x-3.1").module("moves", "1.0." + std::to_string(step));
  out.module("guest" + std::to_string(step % 3), "2.0.0", step % 2 == 0);
  return out;
}

request site_sync(const testing::test_site& as, std::size_t step) {
  return {as.sync_path(), {{"X-API-Key", as.key}, {"Content-Type", "application/json"}}, site_inventory_at(step).text()};
}

} // namespace ingot::faults
