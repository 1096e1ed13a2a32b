#pragma once

#include "bench/faults/ledger.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/sites.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What a run sends: step after step of each chain, by the seed alone (and the day on which it began).
namespace ingot::faults {

/// A request, ready to be sent.
struct request {
  std::string path;
  std::vector<testing::header> headers;
  std::string body;
};

/// Where a run's times begin.
struct run_clock {
  std::uint64_t seed = 1;
  std::int64_t began_s = 0; ///< seconds since 1970
};

/// A repository has so many deliveries; then another one takes its place. Within what its histories hold.
inline constexpr int steps_of_a_repository = 12;

/// The id of a chain's delivery. Says which it is.
std::string delivery_id(std::uint64_t seed, intake of, std::int64_t chain, std::size_t step);

/// What delivery_id() said. @returns false: no id of this run
bool parse_delivery_id(std::uint64_t seed, const std::string& id, intake& of, std::int64_t& chain, std::size_t& step);

request github_delivery(const run_clock& at, std::int64_t repository, std::size_t step);

/// A push to a repository that is followed.
request push_delivery(const run_clock& at, std::int64_t chain, std::size_t step, std::string body);

std::string repository_name(std::int64_t repository);

/// Events of one request: those with an idempotency key, by key, and at most one view.
struct told_event {
  std::string key; ///< empty: a view
  std::string type, rule;
};
std::vector<told_event> events_of(const run_clock& at, std::int64_t chain, std::size_t step);
request event_request(const run_clock& at, std::int64_t chain, std::size_t step);

/// Payment `chain`: step 0 pays, step 1 gives a part of it back, where there is one.
std::string stripe_event_id(std::int64_t chain, std::size_t step);
std::size_t steps_of_payment(const run_clock& at, std::int64_t chain);
inline constexpr std::int64_t paid_cents = 1'500;
std::int64_t refunded_cents(const run_clock& at, std::int64_t chain);

/// Signed now: a signature has its time.
request stripe_delivery(const run_clock& at, std::int64_t chain, std::size_t step);

/// All items of a source in generation `step` + 1: each says something new.
inline constexpr int items_of_a_source = 4;
std::string crawl_source(std::int64_t chain);
request crawl_request(std::int64_t chain, std::size_t step);

/// A site's inventory: module `moves` has version 1.0.STEP, one of `guest0` to `guest2` comes and another goes.
testing::sync_body site_inventory_at(std::size_t step);
request site_sync(const testing::test_site& as, std::size_t step);

} // namespace ingot::faults
