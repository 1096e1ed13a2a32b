#pragma once

#include "model/fault.hpp"
#include "model/stripe/event.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::stripe {

/// One event of a list, and its JSON.
struct listed_event {
  event what;
  std::string body;
};

/// One page of `GET /v1/events` (docs.stripe.com/api/events/list), the newest first.
struct event_page {
  std::vector<listed_event> events;
  std::string last_id;        ///< of the last entry, for `starting_after`; empty: there is none
  bool has_more = false;      ///< older ones follow
  std::size_t unreadable = 0; ///< entries that are no events: passed over
};

/// @returns the page, or malformed_body, unstorable_text or missing_field (`data` is no array)
std::variant<event_page, failure> parse_event_page(std::string_view body);

} // namespace ingot::stripe
