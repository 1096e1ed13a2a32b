#include "model/events/event.hpp"
#include "tests/fuzz/input.hpp"

#include <chrono>
#include <string>

// Input: the body of POST /ingest/events. Every event of it is good or rejected; the good ones are within every limit, and a
// batch that is written down and read back says the same.

namespace {

using namespace ingot;
using fuzz::require;

constexpr auto now = timestamp{std::chrono::seconds{1'700'000'000}};

void check(const events::batch& x, const events::rules& of) {
  require(!x.events.empty() && x.events.size() + x.rejected.size() <= of.events_max);
  auto next = std::uint32_t{0};
  auto rejected = x.rejected.begin();
  for (const auto& e : x.events) {
    for (; rejected != x.rejected.end() && rejected->index < e.index; ++rejected)
      require(rejected->index == next++ && !rejected->code.empty() && fuzz::is_storable(rejected->message));
    require(e.index == next++);
    require(std::find(of.types.begin(), of.types.end(), e.type) != of.types.end());
    require(!e.rule_id.empty() && e.rule_id.size() <= events::id_bytes_max && e.user_id.size() <= events::id_bytes_max);
    require(e.idempotency_key.size() <= events::idempotency_key_bytes_max && e.data.size() <= events::data_bytes_max);
    require(e.at <= now + of.ahead_max && e.at >= now - of.age_max);
    for (const auto text : {e.rule_id, e.user_id, e.idempotency_key, e.data})
      require(fuzz::is_storable(text));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto strict = events::rules{.types = {"VIEW", "COPY", "LIKE"}, .events_max = 20};
  static const auto stored = events::rules{.types = {"VIEW", "COPY", "LIKE"}, .events_max = 20, .accepted_before = true};
  const auto body = fuzz::input{data, size}.rest();
  const auto read = events::parse(body, strict, now);
  if (const auto* refused = std::get_if<failure>(&read)) {
    fuzz::check_refusal(*refused);
    return 0;
  }
  const auto& batch = std::get<events::batch>(read);
  check(batch, strict);
  const auto text = events::to_json(batch);
  const auto again = events::parse(text, stored, now + std::chrono::hours{24 * 365});
  require(std::holds_alternative<events::batch>(again));
  const auto& other = std::get<events::batch>(again);
  require(other.rejected.empty() && other.events.size() == batch.events.size() && events::to_json(other) == text);
  for (std::size_t i = 0; i < other.events.size(); ++i) {
    const auto &a = batch.events[i], &b = other.events[i];
    require(a.type == b.type && a.rule_id == b.rule_id && a.user_id == b.user_id && a.idempotency_key == b.idempotency_key &&
            a.at == b.at && a.data == b.data);
  }
  return 0;
}
