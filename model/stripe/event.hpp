#pragma once

#include "model/fault.hpp"
#include "model/stripe/donation.hpp"
#include "model/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::stripe {

/// One event of Stripe's, as far as it is read.
struct event {
  std::string id;   ///< `evt_…`
  std::string type; ///< `payment_intent.succeeded`
  timestamp created{};
  std::string api_version; ///< that `data` is in; empty: not said
  bool livemode = false;

  /// What it says of a payment. Nothing: it is of a type that makes no donation, of an object that is no payment, or unusable.
  std::optional<donation_facts> facts;
  std::string unusable; ///< why an event of a type that matters cannot be applied; empty: it can

  bool ignored() const noexcept { return !facts && unusable.empty(); }
};

/// Where the metadata of a payment intent or Checkout Session name giver, receiver and rule. The first name of each that is there
/// counts.
inline constexpr std::string_view from_user_names[] = {"from_user_id", "fromUserId"};
inline constexpr std::string_view to_user_names[] = {"to_user_id", "toUserId"};
inline constexpr std::string_view rule_names[] = {"rule_id", "ruleId"};

/// Parses an event whose signature was verified (or that Stripe's API gave). Read are: checkout.session.completed,
/// .async_payment_succeeded, .async_payment_failed, .expired; payment_intent.succeeded, .payment_failed, .canceled;
/// charge.refunded; charge.dispute.created, .closed; refund.updated (docs.stripe.com/api/events/types).
/// @param padding how many bytes beyond the end of `body` may be read; from 64 on, a copy is saved
/// @returns the event, or a failure: malformed_body, unstorable_text, or missing_field when it has no id, type or time. An event
///          of a type that matters whose object lacks what is needed is no failure but `unusable`: it is authentic, and Stripe
///          would send the same again for days (docs/decisions/0004).
std::variant<event, failure> parse_event(std::string_view body, std::size_t padding = 0);

/// The types of events that parse_event() reads as facts of a donation.
std::vector<std::string_view> donation_types();

} // namespace ingot::stripe
