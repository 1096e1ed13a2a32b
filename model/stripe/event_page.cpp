#include "model/stripe/event_page.hpp"

#include "model/json_document.hpp"

#include <utility>

namespace ingot::stripe {

namespace {

struct listed_text {
  std::string id, body;
};

/// The entries of the page as texts of their own: a document is read after another has ended.
std::variant<std::vector<listed_text>, failure> entries_of(std::string_view body, bool& has_more) {
  auto document = json_document{};
  // One event that cannot be stored must not keep those beside it away: each is judged by itself.
  if (auto why = document.parse(body, 0, json_document::unstorable::left))
    return std::move(*why);
  auto data = simdjson::dom::array{};
  if (document.root()["data"].get(data) != simdjson::SUCCESS)
    return failure{fault::missing_field, "a list of events needs /data", {{"/data", "expected: an array"}}};
  if (document.root()["has_more"].get(has_more) != simdjson::SUCCESS)
    has_more = false;
  auto out = std::vector<listed_text>{};
  for (const auto entry : data) {
    auto id = std::string_view{};
    if (entry["id"].get(id) != simdjson::SUCCESS)
      id = {};
    out.push_back({std::string{id}, simdjson::minify(entry)});
  }
  return out;
}

} // namespace

std::variant<event_page, failure> parse_event_page(std::string_view body) {
  auto out = event_page{};
  auto entries = entries_of(body, out.has_more);
  if (auto* why = std::get_if<failure>(&entries))
    return std::move(*why);
  for (auto& x : std::get<std::vector<listed_text>>(entries)) {
    auto parsed = parse_event(x.body);
    if (auto* what = std::get_if<event>(&parsed))
      out.events.push_back({std::move(*what), std::move(x.body)});
    else
      ++out.unreadable;
    out.last_id = std::move(x.id);
  }
  return out;
}

} // namespace ingot::stripe
