#include "model/stripe/event.hpp"

#include "tests/model/stripe_events.hpp"

using namespace ingot;
using namespace ingot::testing;

namespace {

fault fault_of(const std::string& body) {
  const auto got = stripe::parse_event(body);
  const auto* why = std::get_if<failure>(&got);
  return why != nullptr ? why->code : fault::none;
}

} // namespace

TEST_CASE("an event without id, type or time is refused with the places") {
  CHECK(fault_of("") == fault::malformed_body);
  CHECK(fault_of("[]") == fault::malformed_body);
  CHECK(fault_of(R"({"id":"evt_1","id":"evt_2","type":"x","created":1})") == fault::malformed_body);
  CHECK(fault_of(R"({"id":"evt\u0000","type":"x","created":1})") == fault::unstorable_text);
  CHECK(fault_of(R"({"id":"","type":"x","created":1})") == fault::missing_field);
  CHECK(fault_of(R"({"id":")" + std::string(300, 'e') + R"(","type":"x","created":1})") == fault::missing_field);
  const auto got = stripe::parse_event(R"({"id":5,"created":"soon"})");
  const auto& why = std::get<failure>(got);
  REQUIRE(why.details.size() == 3);
  CHECK(why.details[0].pointer == "/id");
  CHECK(why.details[1].pointer == "/type");
  CHECK(why.details[2].pointer == "/created");
}

TEST_CASE("an event of a type that nobody needs is known by its id and ignored") {
  const auto x = parsed(R"({"id":"evt_1","type":"radar.made_up","created":1721948400,"data":{"object":5}})");
  CHECK(x.ignored());
  CHECK(x.id == "evt_1");
  CHECK(x.type == "radar.made_up");
}

TEST_CASE("a Checkout Session of a subscription makes no donation: its invoice's intent is the payment") {
  CHECK(
      parsed(
          stripe_event(
              "evt_1", "checkout.session.completed", payment_begins,
              R"("id":"cs_1","mode":"subscription","payment_status":"paid","payment_intent":null,"amount_total":900,"currency":"usd")"))
          .ignored());
}

TEST_CASE("a Checkout Session that takes no payment makes no donation") {
  CHECK(parsed(session("evt_1", "checkout.session.completed", 1, "no_payment_required")).ignored());
  CHECK(parsed(stripe_event("evt_1", "checkout.session.completed", payment_begins,
                            R"("id":"cs_1","mode":"setup","payment_status":"unpaid")"))
            .ignored());
}

TEST_CASE("law 6: an event of a type that matters says which places of its object cannot be used") {
  const auto unusable = [](std::string_view type, std::string_view object) {
    const auto x = parsed(stripe_event("evt_1", type, payment_begins, object));
    CHECK_FALSE(x.facts.has_value());
    CHECK_FALSE(x.ignored());
    return x.unusable;
  };
  CHECK(unusable("payment_intent.succeeded", R"("id":"pi_1","amount":-5)") ==
        "an event payment_intent.succeeded needs /data/object/amount, /data/object/currency; /data/object/amount: expected an "
        "amount in minor units, and -5 came; /data/object/currency: expected a string, and nothing came");
  CHECK(unusable("checkout.session.completed", R"("id":"cs_1")").find("/data/object/payment_status") != std::string::npos);
  CHECK(unusable("charge.refunded", R"("id":"ch_1","amount":5,"currency":"usd","amount_refunded":1e9)")
            .find("/data/object/amount_refunded") != std::string::npos);
  CHECK(unusable("charge.dispute.created", R"("id":"dp_1","status":"won")").find("/data/object/charge") != std::string::npos);
  CHECK(unusable("refund.updated", R"("id":"","charge":"ch_1","status":"won","amount":1)").find("/data/object/id") !=
        std::string::npos);
  CHECK(parsed(R"({"id":"evt_1","type":"charge.refunded","created":1})").unusable.find("/data/object") != std::string::npos);
}

TEST_CASE("every recorded event is parsed, and those of types that matter make a donation") {
  const auto folder = shared_data() / "stripe/events";
  if (!std::filesystem::is_directory(folder)) {
    WARN("not found, so not shown here: shared/data/stripe/events");
    return;
  }
  auto facts = 0, ignored = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto x = parsed(bytes_of(entry.path()));
    CAPTURE(x.type, x.unusable);
    CHECK(x.type + ".json" == entry.path().filename().string());
    CHECK(x.unusable.empty());
    facts += x.facts ? 1 : 0;
    ignored += x.ignored() ? 1 : 0;
  }
  CHECK(facts == 7);
  CHECK(ignored == 7);
}
