#include "model/stripe/event.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ingot::stripe {

namespace {

constexpr std::size_t id_bytes_max = 255;

/// Beyond any amount that Stripe takes (it has at most 12 digits), and small enough that sums of many do not overflow.
constexpr std::int64_t amount_max = 1'000'000'000'000'000;

using event_members = json_members<"id", "type", "created", "api_version", "livemode", "data">;
using data_members = json_members<"object">;

/// What one event says, and of which object.
struct reading {
  const event& from;
  json_child object;
  donation_facts& out;
};

template <json_name Name, class Members>
void add_object(donation_facts& out, const Members& x) {
  if (const auto id = x.template text<Name>(); id && !id->empty() && id->size() <= id_bytes_max)
    out.objects.emplace(*id);
}

/// The id of the object that the event is about.
template <class Members>
std::string need_id(const Members& x) {
  const auto id = x.template text<"id">().value_or("");
  if (id.empty() || id.size() > id_bytes_max)
    x.template lacks<"id">("an id of 1 to 255 bytes");
  return std::string{id};
}

template <json_name Name, class Members>
std::int64_t need_amount(const Members& x) {
  const auto value = x.template integer<Name>();
  if (!value || *value < 0 || *value > amount_max)
    x.template lacks<Name>("an amount in minor units");
  return std::clamp(value.value_or(0), std::int64_t{0}, amount_max);
}

said_amount amount_of(const reading& x, source_rank rank, std::int64_t amount, std::string_view currency) {
  return {rank, x.from.created, amount, std::string{currency}};
}

template <std::size_t N>
said_text first_text(const reading& x, source_rank rank, simdjson::dom::object metadata, const std::string_view (&names)[N]) {
  for (const auto name : names)
    if (auto text = std::string_view{}; metadata[name].get(text) == simdjson::SUCCESS && !text.empty())
      return {rank, x.from.created, std::string{text}};
  return {};
}

template <class Members>
void read_metadata(const reading& x, const Members& object, source_rank rank) {
  const auto metadata = object.template child<"metadata">().object;
  if (!metadata)
    return;
  x.out.from_user = first_text(x, rank, *metadata, from_user_names);
  x.out.to_user = first_text(x, rank, *metadata, to_user_names);
  x.out.rule = first_text(x, rank, *metadata, rule_names);
}

/// checkout.session.*: `payment_status` and not the event's name says whether it is paid.
bool read_session(const reading& x) {
  const auto object =
      json_members<"id", "payment_intent", "payment_status", "amount_total", "currency", "metadata", "mode">{x.object};
  x.out.objects.insert(need_id(object));
  const auto payment_status = object.need_text<"payment_status">();
  // Nothing is paid with it: a card was set up, the order costs nothing, or a subscription's invoice has an intent of its own.
  if (payment_status == "no_payment_required" || object.text<"mode">() == "setup" || object.text<"mode">() == "subscription")
    return false;
  add_object<"payment_intent">(x.out, object);
  read_metadata(x, object, source_rank::session);
  const auto amount = object.integer<"amount_total">();
  const auto currency = object.text<"currency">();
  if (amount && currency && *amount >= 0 && *amount <= amount_max)
    x.out.amount = amount_of(x, source_rank::session, *amount, *currency);
  if (payment_status == "paid" && x.from.type != "checkout.session.expired")
    x.out.paid_at = x.from.created;
  else if (x.from.type == "checkout.session.expired")
    x.out.failure = said_failure{x.from.created, "expired"};
  else if (x.from.type == "checkout.session.async_payment_failed")
    x.out.failure = said_failure{x.from.created, "async_payment_failed"};
  return true;
}

/// payment_intent.*
bool read_intent(const reading& x) {
  const auto object = json_members<"id", "amount", "amount_received", "currency", "metadata", "latest_charge",
                                   "last_payment_error", "cancellation_reason">{x.object};
  x.out.objects.insert(need_id(object));
  const auto amount = need_amount<"amount">(object);
  const auto currency = object.need_text<"currency">();
  read_metadata(x, object, source_rank::intent);
  if (x.from.type == "payment_intent.succeeded") {
    // The charge of an attempt that failed is of no more use; the one that succeeded links refunds and disputes.
    add_object<"latest_charge">(x.out, object);
    const auto received = object.integer<"amount_received">().value_or(0);
    x.out.amount = amount_of(x, source_rank::intent, received > 0 && received <= amount_max ? received : amount, currency);
    x.out.paid_at = x.from.created;
    return true;
  }
  x.out.amount = amount_of(x, source_rank::failed_intent, amount, currency);
  const auto error = json_members<"code">{object.child<"last_payment_error">()};
  const auto canceled = x.from.type == "payment_intent.canceled";
  x.out.failure =
      said_failure{x.from.created, canceled ? "canceled" : std::string{error.text<"code">().value_or("payment_failed")}};
  return true;
}

/// charge.refunded: the charge, with all its refunds added up.
bool read_charge(const reading& x) {
  const auto object =
      json_members<"id", "payment_intent", "amount", "amount_captured", "amount_refunded", "currency", "created", "metadata">{
          x.object};
  x.out.objects.insert(need_id(object));
  add_object<"payment_intent">(x.out, object);
  const auto amount = need_amount<"amount">(object);
  const auto refunded = need_amount<"amount_refunded">(object);
  const auto currency = object.need_text<"currency">();
  const auto captured = object.integer<"amount_captured">().value_or(0);
  read_metadata(x, object, source_rank::charge);
  x.out.amount = amount_of(x, source_rank::settled_charge, captured > 0 && captured <= amount_max ? captured : amount, currency);
  x.out.refunded_totals.insert({x.from.created, refunded});
  x.out.charged_at = object.time<"created">();
  return true;
}

/// The payment that a refund or a dispute is of.
template <class Members>
void need_payment(const reading& x, const Members& object) {
  add_object<"payment_intent">(x.out, object);
  add_object<"charge">(x.out, object);
  if (x.out.objects.empty())
    object.template lacks<"charge">("the id of a charge, as there is no payment_intent");
}

bool read_refund(const reading& x) {
  const auto object = json_members<"id", "payment_intent", "charge", "amount", "status", "created">{x.object};
  const auto id = need_id(object);
  need_payment(x, object);
  auto refund = said_refund{};
  refund.amount = need_amount<"amount">(object);
  const auto status = object.need_text<"status">();
  refund.state = status == "succeeded"                        ? refund_state::succeeded
                 : status == "failed" || status == "canceled" ? refund_state::failed
                                                              : refund_state::pending;
  refund.at = x.from.created;
  refund.made_at = object.time<"created">().value_or(x.from.created);
  x.out.refunds.emplace(id, refund);
  return true;
}

bool read_dispute(const reading& x) {
  const auto object = json_members<"id", "payment_intent", "charge", "status">{x.object};
  const auto id = need_id(object);
  need_payment(x, object);
  const auto status = object.need_text<"status">();
  x.out.disputes.emplace(id, said_dispute{x.from.type == "charge.dispute.closed", x.from.created, std::string{status}});
  return true;
}

/// Fills `out` and says whether the object is a payment at all.
using object_reader = bool (*)(const reading&);

constexpr auto readers = std::to_array<std::pair<std::string_view, object_reader>>({
    {"charge.dispute.closed", read_dispute},
    {"charge.dispute.created", read_dispute},
    {"charge.refunded", read_charge},
    {"checkout.session.async_payment_failed", read_session},
    {"checkout.session.async_payment_succeeded", read_session},
    {"checkout.session.completed", read_session},
    {"checkout.session.expired", read_session},
    {"payment_intent.canceled", read_intent},
    {"payment_intent.payment_failed", read_intent},
    {"payment_intent.succeeded", read_intent},
    {"refund.updated", read_refund},
});

object_reader reader_of(std::string_view type) {
  const auto* const found = std::find_if(readers.begin(), readers.end(), [&](const auto& x) { return x.first == type; });
  return found == readers.end() ? nullptr : found->second;
}

/// `payment_intent.succeeded needs /data/object/currency: expected a string, and null came`
std::string sentence_of(const failure& why) {
  auto out = why.message;
  for (const auto& x : why.details)
    out += "; " + x.pointer + ": " + x.message;
  return out;
}

void read_object(event& x, const json_child& data, object_reader read) {
  auto faults = json_faults{};
  auto found = donation_facts{};
  auto members = data_members{{data.object, data.place, &faults}};
  auto object = members.child<"object">();
  if (!object.object)
    members.lacks<"object">("an object");
  found.livemode = x.livemode;
  const auto is_payment = object.object && read({x, object, found});
  if (faults.any())
    x.unusable = sentence_of(faults.take("an event " + x.type));
  else if (is_payment)
    x.facts = std::move(found);
}

} // namespace

std::variant<event, failure> parse_event(std::string_view body, std::size_t padding) {
  auto document = json_document{};
  if (auto why = document.parse(body, padding))
    return std::move(*why);
  auto faults = json_faults{};
  const auto top = event_members{{document.root(), {}, &faults}};
  auto out = event{};
  out.id = top.need_text<"id">();
  out.type = top.need_text<"type">();
  out.created = top.need_time<"created">();
  for (const auto* text : {&out.id, &out.type})
    if (text->size() > id_bytes_max)
      return failure{fault::missing_field, "no event of Stripe's has an id or type of more than 255 bytes", {}};
  if (!faults.any() && (out.id.empty() || out.type.empty()))
    return failure{fault::missing_field, "an event needs an id and a type that are not empty", {{"/id", "expected: evt_…"}}};
  if (faults.any())
    return faults.take("an event");
  out.api_version = top.text<"api_version">().value_or("");
  out.livemode = top.flag<"livemode">().value_or(false);
  if (const auto read = reader_of(out.type))
    read_object(out, top.child<"data">(), read);
  return out;
}

std::vector<std::string_view> donation_types() {
  auto out = std::vector<std::string_view>{};
  for (const auto& [type, read] : readers)
    out.push_back(type);
  return out;
}

} // namespace ingot::stripe
