#pragma once

#include "model/time.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

/// What Stripe's events say of one payment. An event never edits a donation: it adds facts to a set, and the donation is a
/// projection of the set. Joining facts is commutative, associative and idempotent, so every order and repetition of the events
/// of a payment ends in the same donation (law 4).
namespace ingot::stripe {

/// Whose word counts where several objects say a thing; the greater wins, then the later event.
enum class source_rank : std::uint8_t {
  nothing = 0,
  failed_intent = 1, ///< amounts: what was to be paid
  charge = 1,        ///< metadata: copied from the intent when the charge was made
  session = 2,       ///< a Checkout Session: its amount may be in the currency that the customer saw
  settled_charge = 3,
  intent = 4, ///< a payment intent; amounts: one that succeeded
};

/// A text that some object of the payment carries. The greater of two is the one that counts.
struct said_text {
  source_rank rank = source_rank::nothing;
  timestamp at{}; ///< of the event
  std::string text;
  auto operator<=>(const said_text&) const = default;
};

/// What was or is to be paid.
struct said_amount {
  source_rank rank = source_rank::nothing;
  timestamp at{};
  std::int64_t amount = 0; ///< in the currency's minor unit, whatever its number of digits
  std::string currency;    ///< ISO 4217, lower case
  auto operator<=>(const said_amount&) const = default;
};

/// An attempt that failed, was canceled or expired.
struct said_failure {
  timestamp at{};
  std::string reason; ///< `card_declined`, `canceled`, `expired`
  auto operator<=>(const said_failure&) const = default;
};

/// How far one refund has got. A refund that succeeded may still fail at the receiving bank, and never the other way round.
enum class refund_state : std::uint8_t { pending, succeeded, failed };

struct said_refund {
  refund_state state = refund_state::pending;
  timestamp at{};      ///< of the event
  timestamp made_at{}; ///< of the refund
  std::int64_t amount = 0;
  auto operator<=>(const said_refund&) const = default;
};

/// One dispute; closed counts more than open.
struct said_dispute {
  bool closed = false;
  timestamp at{};
  std::string status; ///< Stripe's own: `needs_response`, `won`, `lost`, `warning_closed`
  auto operator<=>(const said_dispute&) const = default;
};

/// What a charge said it had refunded, all its refunds together.
struct refunded_total {
  timestamp at{};
  std::int64_t amount = 0;
  auto operator<=>(const refunded_total&) const = default;
};

/// The facts that are known of one payment.
struct donation_facts {
  /// The newest so many of each kind are kept; a payment has a few.
  static constexpr std::size_t entries_max = 64;

  std::set<std::string> objects; ///< ids of its payment intent, Checkout Session and charge, as far as known
  said_text from_user, to_user, rule;
  said_amount amount;
  std::optional<timestamp> paid_at;    ///< the earliest event that says so
  std::optional<timestamp> charged_at; ///< when the charge was made that was refunded later
  std::optional<said_failure> failure; ///< the latest
  std::set<refunded_total> refunded_totals;
  std::map<std::string, said_refund> refunds;   ///< by id
  std::map<std::string, said_dispute> disputes; ///< by id
  bool livemode = false;

  bool operator==(const donation_facts&) const = default;
};

/// Adds what `more` says to `to`.
void join(donation_facts& to, const donation_facts& more);

enum class donation_status : std::uint8_t {
  pending,            ///< begun; nothing was paid yet
  succeeded,          ///< paid
  failed,             ///< the last attempt failed, was canceled or expired, and none has succeeded
  refunded,           ///< all of it went back
  partially_refunded, ///< a part of it went back, or the whole amount is not known yet
  disputed,           ///< the bank asks for it back, or has got it back (`dispute` is `lost`)
};

std::string_view to_string(donation_status x) noexcept;

/// What readers see of a payment: the projection of its facts.
struct donation {
  std::string id; ///< of the payment intent; without one the Checkout Session's; without that the charge's
  donation_status status = donation_status::pending;
  std::optional<std::int64_t> amount; ///< minor units; nothing while only a refund or a dispute is known
  std::string currency;
  std::int64_t amount_refunded = 0;
  std::string from_user_id, to_user_id, rule_id; ///< empty: not said
  std::optional<timestamp> paid_at;
  std::string failure; ///< why, of one that failed
  std::string dispute; ///< Stripe's status of the dispute that counts; empty: none
  bool livemode = false;

  bool operator==(const donation&) const = default;
};

/// The donation that `facts` make. Ranks of the status: an open or lost dispute, then refunds, then payment, then failure; a
/// dispute that was won leaves what was before it. Refunded is the most that a charge said, less what failed after it said so,
/// and no less than the refunds that are known to have succeeded.
/// @pre facts.objects is not empty
donation project(const donation_facts& facts);

/// The id of the donation that has these objects.
const std::string& donation_id(const std::set<std::string>& objects);

/// The facts as text, for a column of the database; and back. decode_facts throws std::runtime_error for what is none.
std::string encode_facts(const donation_facts& facts);
donation_facts decode_facts(std::string_view text);

/// `{"id","status","amount","currency","amount_refunded","from_user_id","to_user_id","rule_id","paid_at","livemode"}`: what the
/// application is told.
std::string to_json(const donation& x);

} // namespace ingot::stripe
