#include "bench/application_bodies.hpp"

#include "model/signature.hpp"

#include <algorithm>
#include <array>

namespace ingot::bench {

namespace {

constexpr std::size_t remembered_max = 50'000;

const char* type_of(unsigned percent) {
  constexpr std::array<std::pair<unsigned, const char*>, 5> shares{
      {{50, "VIEW"}, {70, "COPY"}, {85, "SAVE"}, {95, "VOTE"}, {100, "FORK"}}};
  return std::find_if(shares.begin(), shares.end(), [&](const auto& x) { return percent < x.first; })->second;
}

} // namespace

zipf::zipf(std::size_t count) {
  auto sum = 0.0;
  for (auto i = std::size_t{1}; i <= count; ++i)
    sums_.push_back(sum += 1.0 / static_cast<double>(i));
}

std::size_t zipf::operator()(std::mt19937_64& chance) const {
  const auto at = std::uniform_real_distribution{0.0, sums_.back()}(chance);
  return static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
}

event_bodies::event_bodies(std::uint64_t seed, std::size_t events_per_request)
    : chance_{seed}, per_request_{events_per_request}, seed_{seed} {}

std::string event_bodies::fresh() {
  const auto type = std::string{type_of(static_cast<unsigned>(chance_() % 100))};
  auto text = R"({"type":")" + type + R"(","ruleId":"clrule)" + std::to_string(1'000'000'000'000 + rules_(chance_)) +
              R"(","userId":"cluser)" + std::to_string(1'000'000'000'000 + chance_() % 50'000) + '"';
  if (type != "VIEW")
    text += R"(,"idempotencyKey":"k)" + std::to_string(seed_) + '-' + std::to_string(number_++) + '"';
  return text + '}';
}

std::string event_bodies::next() {
  auto body = std::string{"{\"events\":["};
  for (auto i = std::size_t{0}; i < per_request_; ++i) {
    body += i > 0 ? "," : "";
    if (!before_.empty() && chance_() % 100 < 30) {
      body += before_[chance_() % before_.size()];
      continue;
    }
    const auto text = fresh();
    body += text;
    if (before_.size() < remembered_max)
      before_.push_back(text);
    else
      before_[chance_() % before_.size()] = text;
  }
  return body + "]}";
}

std::string stripe_payment_body(std::uint64_t number, std::int64_t created_s) {
  const auto id = std::to_string(number);
  return R"({
  "id": "evt_bench)" +
         id + R"(",
  "object": "event",
  "api_version": "2024-06-20",
  "created": )" +
         std::to_string(created_s) + R"(,
  "data": {
    "object": {
      "id": "pi_bench)" +
         id + R"(",
      "object": "payment_intent",
      "amount": 1500,
      "amount_received": 1500,
      "currency": "usd",
      "created": )" +
         std::to_string(created_s) + R"(,
      "latest_charge": "ch_bench)" +
         id + R"(",
      "livemode": true,
      "metadata": {
        "from_user_id": "cluser1",
        "to_user_id": "cluser2",
        "rule_id": "clrule7"
      },
      "payment_method_types": [
        "card"
      ],
      "status": "succeeded"
    }
  },
  "livemode": true,
  "pending_webhooks": 1,
  "request": {
    "id": "req_)" +
         id + R"(",
    "idempotency_key": null
  },
  "type": "payment_intent.succeeded"
})";
}

std::string stripe_signature(const std::string& body, const std::string& secret, std::int64_t at_s) {
  const auto mac = hmac_sha256{secret}(std::to_string(at_s) + '.' + body);
  return "t=" + std::to_string(at_s) + ",v1=" + to_hex({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

stripe_request stripe_payment(std::uint64_t number, const std::string& secret, std::int64_t at_s) {
  auto out = stripe_request{stripe_payment_body(number, at_s), {}};
  out.signature = stripe_signature(out.body, secret, at_s);
  return out;
}

std::string crawl_body(const std::string& source, int items, int generation, int changed_each) {
  auto body = R"({"sourceId":")" + source + R"(","items":[)";
  for (auto i = 0; i < items; ++i) {
    const auto said = changed_each > 0 && i % changed_each == 0 ? generation : 0;
    const auto number = std::to_string(i);
    body += (i > 0 ? "," : "") + std::string{R"({"externalId":"item-)"} + number + R"(","url":"https://example.org/items/)" +
            number + R"(","title":"A rule for item )" + number + " in its form " + std::to_string(said) +
            R"(","summary":"What a reader wants to know of item )" + number +
            R"( before following the link: how it came about, whom it serves, and what others said of it.","raw":{"stars":)" +
            std::to_string(i % 7) + R"(,"tags":["rules","items"]}})";
  }
  return body + "]}";
}

} // namespace ingot::bench
