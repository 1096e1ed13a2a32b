#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ingot::bench {

/// Numbers from 0 to `count` - 1, the small ones oftener, as popularity falls (Zipf's law with exponent 1).
class zipf {
public:
  explicit zipf(std::size_t count);
  std::size_t operator()(std::mt19937_64& chance) const;

private:
  std::vector<double> sums_;
};

/// An application's requests: 50% VIEW, 20% COPY, 15% SAVE, 10% VOTE, 5% FORK; 10,000 rules by Zipf's law; every event but views
/// with an idempotency key; 30% of the events are repeated from before.
class event_bodies {
public:
  event_bodies(std::uint64_t seed, std::size_t events_per_request);

  /// The next request's body. It counts its events.
  std::string next();

private:
  std::string fresh();

  std::mt19937_64 chance_;
  zipf rules_{10'000};
  std::size_t per_request_;
  std::uint64_t seed_, number_ = 0;
  std::vector<std::string> before_;
};

/// The body of a Stripe event: payment `number` of 15.00 USD succeeded at `created_s` (seconds since 1970).
std::string stripe_payment_body(std::uint64_t number, std::int64_t created_s);

/// Stripe-Signature of `body` at `at_s`.
std::string stripe_signature(const std::string& body, const std::string& secret, std::int64_t at_s);

/// A Stripe event of a payment of its own, with its headers' signature of `at_s`.
struct stripe_request {
  std::string body, signature;
};
stripe_request stripe_payment(std::uint64_t number, const std::string& secret, std::int64_t at_s);

/// A request of `items` crawl items; of generation `generation`, in which every `changed_each`th item says something new (0:
/// none).
std::string crawl_body(const std::string& source, int items, int generation, int changed_each);

} // namespace ingot::bench
