#include "model/github/webhook.hpp"
#include "model/json_locate.hpp"
#include "tests/fuzz/input.hpp"

#include <simdjson.h>

// Input: a line with the event's name, and ` form` behind it for the form encoding; then the body.

namespace {

using namespace ingot;
using namespace ingot::github;

using fuzz::require;

void check_refusal(const failure& x) {
  require(x.code == fault::malformed_body || x.code == fault::unstorable_text || x.code == fault::missing_field);
  require(!x.details.empty());
  fuzz::check_refusal(x, 20);
}

void check_pull_request(const pull_request_snapshot& pr) {
  require(pr.number > 0 && (pr.head_sha.size() == 40 || pr.head_sha.size() == 64) && fuzz::is_storable(pr.title));
  simdjson::dom::parser parser;
  for (const auto* list : {&pr.labels, &pr.assignees, &pr.reviewers})
    require(parser.parse(*list).is_array() && fuzz::is_storable(*list));
  if (pr.files_changed)
    require(parser.parse(*pr.files_changed).is_array());
}

void check_event(const event& x) {
  require(fuzz::is_storable(x.action));
  if (!x.ignored() && x.repository)
    require(x.repository->id > 0 && fuzz::is_storable(x.repository->full_name) && fuzz::is_storable(x.repository->owner));
  if (const auto* fact = std::get_if<pull_request_event>(&x.fact))
    check_pull_request(fact->pull_request);
  if (const auto* fact = std::get_if<review_event>(&x.fact))
    check_pull_request(fact->pull_request);
  if (const auto* fact = std::get_if<build_event>(&x.fact))
    require(fuzz::is_storable(fact->source) && fact->source.size() < 300 && fuzz::is_storable(fact->title.value_or("")));
}

/// The quick road and the slow one must say the same of every text.
void check_agreement(std::string_view text) {
  const auto slow = find_json_fault(text);
  const auto quick = parse_webhook("an ignored event", body_format::json, text);
  const auto* refused = std::get_if<failure>(&quick);
  if (slow)
    require(refused != nullptr && refused->code == slow->code && refused->details[0].pointer == slow->details[0].pointer);
  else if (refused != nullptr) // no object, or a member twice
    require(refused->code == fault::malformed_body && refused->message != "the body is not valid JSON");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  auto name = input.substr(0, input.find('\n'));
  const auto body = input.substr(std::min(name.size() + 1, size));
  const bool form = name.ends_with(" form");
  if (form)
    name.remove_suffix(5);
  const auto result = parse_webhook(name, form ? body_format::form : body_format::json, body);
  if (const auto* refused = std::get_if<failure>(&result))
    check_refusal(*refused);
  else
    check_event(std::get<event>(result));
  check_agreement(body);
  return 0;
}
