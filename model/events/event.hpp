#pragma once

#include "model/fault.hpp"
#include "model/text_store.hpp"
#include "model/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What an application tells of its users' doings (POST /ingest/events).
namespace ingot::events {

/// Limits of one event (the published contract of the endpoint), in bytes of UTF-8.
inline constexpr std::size_t id_bytes_max = 191; ///< of ruleId and userId
inline constexpr std::size_t idempotency_key_bytes_max = 255;
inline constexpr std::size_t data_bytes_max = 8 * 1024; ///< of all further members, as JSON without blanks

/// The type whose repetitions count once (settings.events.view_window).
inline constexpr std::string_view view_type = "VIEW";

/// One event. Views live as long as the batch.
struct event {
  std::uint32_t index = 0; ///< in the body's `events`
  std::string_view type;
  std::string_view rule_id;
  std::string_view user_id;         ///< empty: none
  std::string_view idempotency_key; ///< empty: none
  timestamp at{};                   ///< `ts`
  std::string_view data;            ///< JSON object of the further members; empty: none

  bool is_view() const noexcept { return type == view_type; }
};

/// What is wrong with one event.
struct rejection {
  std::uint32_t index = 0;
  std::string pointer;   ///< `/events/3/ruleId`
  std::string_view code; ///< `missing_field`, `invalid_field`, `unknown_type`, `too_old`, `too_far_ahead`, `unstorable_text`
  std::string message;
};

/// What may come.
struct rules {
  std::vector<std::string> types;
  std::size_t events_max = 1'000;
  std::chrono::microseconds ahead_max{std::chrono::hours{24}};
  std::chrono::microseconds age_max{std::chrono::hours{24 * 30}};
  bool accepted_before = false; ///< every type, time and number is good: they were judged when they came
};

/// One request: the good events in their order, and what is wrong with the others.
struct batch {
  text_store texts;
  std::vector<event> events;
  std::vector<rejection> rejected; ///< one for each bad event
};

/// Parses a body `{"events":[…]}`.
/// @param now when it came: the default of `ts`, and what its age is judged by
/// @param padding as for json_document::parse
/// @returns the batch, with one good event at least; or invalid_fields with the first fault of every event when all are bad;
/// or malformed_body, unstorable_text or invalid_fields for what is no such body at all
std::variant<batch, failure> parse(std::string_view body, const rules& of, timestamp now, std::size_t padding = 0);

/// The good events of `x` as a body that parse() reads back under rules::accepted_before.
std::string to_json(const batch& x);

} // namespace ingot::events
