#include "model/stripe/event.hpp"
#include "model/stripe/event_page.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

// Input: an event of Stripe's, or a page of its list. The facts of an event are kept and read back, and twice is once.

namespace {

using namespace ingot;
using fuzz::require;

void check(const stripe::event& x) {
  require(!x.id.empty() && !x.type.empty() && (!x.facts || x.unusable.empty()));
  for (const auto& text : {x.id, x.type, x.api_version, x.unusable})
    require(fuzz::is_storable(text));
  if (!x.facts)
    return;
  require(!x.facts->objects.empty());
  const auto text = stripe::encode_facts(*x.facts);
  require(fuzz::is_storable(text) && stripe::decode_facts(text) == *x.facts);
  auto twice = *x.facts;
  join(twice, *x.facts);
  require(twice == *x.facts);
  auto from_nothing = stripe::donation_facts{};
  join(from_nothing, *x.facts);
  require(project(from_nothing) == project(*x.facts));
  require(fuzz::is_storable(to_json(project(*x.facts))));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::input{data, size}.rest();
  const auto read = stripe::parse_event(body);
  if (const auto* refused = std::get_if<failure>(&read))
    fuzz::check_refusal(*refused);
  else
    check(std::get<stripe::event>(read));
  const auto page = stripe::parse_event_page(body);
  if (const auto* refused = std::get_if<failure>(&page)) {
    fuzz::check_refusal(*refused);
    return 0;
  }
  for (const auto& [what, text] : std::get<stripe::event_page>(page).events) {
    check(what);
    const auto again = stripe::parse_event(text);
    require(std::holds_alternative<stripe::event>(again) && std::get<stripe::event>(again).id == what.id);
  }
  return 0;
}
