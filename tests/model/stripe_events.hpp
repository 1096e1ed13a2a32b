#pragma once

#include "model/stripe/event.hpp"
#include "tests/model/recorded.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Events of one payment as Stripe sends them, small.
namespace ingot::testing {

/// One event's body. @param object the members of `data.object`
inline std::string stripe_event(std::string_view id, std::string_view type, int created, std::string_view object) {
  return R"({"id":")" + std::string{id} + R"(","object":"event","api_version":"2024-06-20","created":)" +
         std::to_string(created) + R"(,"livemode":true,"type":")" + std::string{type} + R"(","data":{"object":{)" +
         std::string{object} + "}}}";
}

inline stripe::event parsed(const std::string& body) {
  auto got = stripe::parse_event(body);
  if (const auto* why = std::get_if<failure>(&got))
    FAIL(why->message);
  return std::get<stripe::event>(std::move(got));
}

/// 2024-07-25T23:00:00Z, an hour before a day ends.
constexpr auto payment_begins = 1'721'948'400;

inline std::string session(std::string_view id, std::string_view type, int after, std::string_view payment_status) {
  return stripe_event(id, type, payment_begins + after,
                      R"("id":"cs_1","object":"checkout.session","payment_intent":"pi_1","amount_total":5000,"currency":"usd",)"
                      R"("mode":"payment","payment_status":")" +
                          std::string{payment_status} + R"(","metadata":{"fromUserId":"ann","toUserId":"bob","ruleId":"r1"})");
}

inline std::string intent(std::string_view id, std::string_view type, int after) {
  return stripe_event(id, type, payment_begins + after,
                      R"("id":"pi_1","object":"payment_intent","amount":5000,"amount_received":5000,"currency":"usd",)"
                      R"("latest_charge":"ch_1","last_payment_error":{"code":"card_declined"},"metadata":{"to_user_id":"bob"})");
}

inline std::string charge_refunded(std::string_view id, int after, int amount_refunded) {
  return stripe_event(
      id, "charge.refunded", payment_begins + after,
      R"("id":"ch_1","object":"charge","payment_intent":"pi_1","amount":5000,"amount_captured":5000,"currency":"usd",)"
      R"("created":1721948405,"amount_refunded":)" +
          std::to_string(amount_refunded));
}

/// Names the charge alone, as Stripe's older objects do.
inline std::string dispute(std::string_view id, std::string_view type, int after, std::string_view status) {
  return stripe_event(id, type, payment_begins + after,
                      R"("id":"dp_1","object":"dispute","charge":"ch_1","amount":5000,"currency":"usd","status":")" +
                          std::string{status} + '"');
}

inline std::string refund(std::string_view id, int after, std::string_view refund_id, int amount, std::string_view status) {
  return stripe_event(id, "refund.updated", payment_begins + after,
                      R"("id":")" + std::string{refund_id} + R"(","object":"refund","charge":"ch_1","amount":)" +
                          std::to_string(amount) + R"(,"currency":"usd","created":)" + std::to_string(payment_begins + 60) +
                          R"(,"status":")" + std::string{status} + '"');
}

} // namespace ingot::testing
