#include "model/events/event.hpp"

#include "model/json_document.hpp"
#include "model/json_locate.hpp"
#include "model/json_object.hpp"
#include "model/json_text.hpp"
#include "model/json_write.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ingot::events {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

/// So many faults of a body of which nothing is good are told.
constexpr std::size_t faults_told_max = 100;

/// The first fault of one event ends its reading.
struct fault_of_event {
  std::string_view member; ///< empty: the event itself
  std::string_view code;
  std::string message;
};

std::string shown(element x) {
  return cut_for_echo(simdjson::minify(x), 64);
}

/// Text that a row can hold: no control characters (nobody's id has one), valid UTF-8, no lone surrogate.
bool is_storable(std::string_view x) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return std::none_of(x.begin(), x.end(), control) && find_bad_utf8(x) == std::string_view::npos;
}

/// Reads the events of one body, one after the other.
class reader {
public:
  reader(const rules& of, timestamp now, batch& out) : of_{of}, now_{now}, out_{out} {}

  void read(std::uint32_t index, element what) {
    auto x = event{};
    x.index = index;
    x.at = now_;
    if (auto wrong = read_into(x, what))
      reject(index, std::move(*wrong));
    else
      out_.events.push_back(x);
  }

private:
  void reject(std::uint32_t index, fault_of_event why) {
    auto pointer = "/events/" + std::to_string(index);
    if (!why.member.empty())
      append_pointer_token(pointer, why.member);
    out_.rejected.push_back({index, std::move(pointer), why.code, std::move(why.message)});
  }

  std::optional<fault_of_event> read_into(event& x, element what) {
    auto members = object{};
    if (what.get_object().get(members) != simdjson::SUCCESS)
      return fault_of_event{{}, "invalid_field", "expected an object, and " + shown(what) + " came"};
    seen_type_ = seen_rule_ = seen_time_ = seen_user_ = seen_key_ = false;
    data_.clear();
    for (const auto& [name, value] : members)
      if (auto wrong = read_member(x, name, value))
        return wrong;
    if (!seen_type_)
      return fault_of_event{"type", "missing_field", "expected, and absent"};
    if (!seen_rule_)
      return fault_of_event{"ruleId", "missing_field", "expected, and absent"};
    if (data_.empty())
      return std::nullopt;
    data_ += '}';
    if (data_.size() > data_bytes_max)
      return fault_of_event{{},
                            "invalid_field",
                            "the further members may have " + std::to_string(data_bytes_max) + " bytes as JSON, and " +
                                std::to_string(data_.size()) + " came"};
    if (has_unstorable_escape(data_) || find_bad_utf8(data_) != std::string_view::npos)
      return fault_of_event{{}, "unstorable_text", "a further member holds a NUL or a lone surrogate"};
    x.data = out_.texts.keep(data_);
    return std::nullopt;
  }

  std::optional<fault_of_event> read_member(event& x, std::string_view name, element value) {
    if (name == "type" && !std::exchange(seen_type_, true))
      return read_type(x, value);
    if (name == "ruleId" && !std::exchange(seen_rule_, true))
      return read_text("ruleId", value, id_bytes_max, x.rule_id);
    if (name == "userId" && !std::exchange(seen_user_, true))
      return value.is_null() ? std::nullopt : read_text("userId", value, id_bytes_max, x.user_id);
    if (name == "idempotencyKey" && !std::exchange(seen_key_, true))
      return value.is_null() ? std::nullopt : read_text("idempotencyKey", value, idempotency_key_bytes_max, x.idempotency_key);
    if (name == "ts" && !std::exchange(seen_time_, true))
      return value.is_null() ? std::nullopt : read_time(x, value);
    for (const auto ours : {"type", "ruleId", "userId", "idempotencyKey", "ts"})
      if (name == ours)
        return fault_of_event{ours, "invalid_field", "expected once, and it came again"};
    data_ += data_.empty() ? '{' : ',';
    append_json_string(data_, name);
    data_ += ':';
    data_ += simdjson::minify(value);
    return std::nullopt;
  }

  std::optional<fault_of_event> read_type(event& x, element value) {
    auto text = std::string_view{};
    if (value.get_string().get(text) == simdjson::SUCCESS) {
      if (of_.accepted_before || std::find(of_.types.begin(), of_.types.end(), text) != of_.types.end()) {
        x.type = out_.texts.keep(text); // the rules may end before the batch does
        return std::nullopt;
      }
    }
    auto expected = std::string{};
    for (const auto& type : of_.types)
      expected += (expected.empty() ? "" : ", ") + type;
    return fault_of_event{"type", "unknown_type", "expected one of " + expected + ", and " + shown(value) + " came"};
  }

  std::optional<fault_of_event> read_text(std::string_view name, element value, std::size_t most, std::string_view& to) {
    auto text = std::string_view{};
    if (value.get_string().get(text) != simdjson::SUCCESS || text.empty() || text.size() > most)
      return fault_of_event{name, "invalid_field",
                            "expected a text of 1 to " + std::to_string(most) + " bytes, and " + shown(value) + " came"};
    if (!is_storable(text))
      return fault_of_event{name, "unstorable_text", "expected a text without control characters and lone surrogates"};
    to = out_.texts.keep(text);
    return std::nullopt;
  }

  std::optional<fault_of_event> read_time(event& x, element value) {
    auto text = std::string_view{};
    const auto at = value.get_string().get(text) == simdjson::SUCCESS ? parse_rfc3339(text) : std::nullopt;
    if (!at)
      return fault_of_event{"ts", "invalid_field",
                            "expected a time such as 2024-05-01T10:00:00Z (RFC 3339), and " + shown(value) + " came"};
    if (!of_.accepted_before && *at > now_ + of_.ahead_max)
      return fault_of_event{"ts", "too_far_ahead", "expected no time after " + to_rfc3339(now_ + of_.ahead_max)};
    if (!of_.accepted_before && *at < now_ - of_.age_max)
      return fault_of_event{"ts", "too_old", "expected no time before " + to_rfc3339(now_ - of_.age_max)};
    x.at = *at;
    return std::nullopt;
  }

  const rules& of_;
  timestamp now_;
  batch& out_;
  bool seen_type_ = false, seen_rule_ = false, seen_user_ = false, seen_key_ = false, seen_time_ = false;
  std::string data_;
};

failure nothing_good(const batch& x) {
  auto out = failure{fault::invalid_fields, "every event of the request is bad; nothing of it is stored", {}};
  for (const auto& each : x.rejected) {
    if (out.details.size() == faults_told_max)
      break;
    out.details.push_back({each.pointer, std::string{each.code} + ": " + each.message});
  }
  if (out.details.size() < x.rejected.size())
    out.message += " (" + std::to_string(out.details.size()) + " of " + std::to_string(x.rejected.size()) + " are told)";
  return out;
}

std::string to_json(const event& x) {
  auto out = json_object{};
  out.add("type", x.type).add("ruleId", x.rule_id).add("ts", std::optional{x.at});
  if (!x.user_id.empty())
    out.add("userId", x.user_id);
  if (!x.idempotency_key.empty())
    out.add("idempotencyKey", x.idempotency_key);
  auto text = out.text();
  if (!x.data.empty()) // {"a":1} goes on where the object ends
    text.replace(text.size() - 1, 1, "," + std::string{x.data.substr(1)});
  return text;
}

} // namespace

std::string to_json(const batch& x) {
  auto all = std::vector<std::string>{};
  for (const auto& e : x.events)
    all.push_back(to_json(e));
  return json_object{}.add_raw("events", json_array(all)).text();
}

std::variant<batch, failure> parse(std::string_view body, const rules& of, timestamp now, std::size_t padding) {
  auto document = json_document{};
  if (auto wrong = document.parse(body, padding, json_document::unstorable::left))
    return *std::move(wrong);
  auto all = simdjson::dom::array{};
  auto value = element{};
  if (document.root()["events"].get(value) != simdjson::SUCCESS || value.get_array().get(all) != simdjson::SUCCESS)
    return failure{fault::invalid_fields, "the body has no list of events", {{"/events", "expected an array of events"}}};
  for (const auto& [name, ignored] : document.root())
    if (name != "events") {
      auto pointer = std::string{};
      append_pointer_token(pointer, cut_for_echo(name));
      return failure{fault::invalid_fields, "the body has a member that is not known", {{pointer, "expected only `events`"}}};
    }
  auto count = std::size_t{0}; // simdjson's own count saturates
  for ([[maybe_unused]] const auto each : all)
    ++count;
  if (count == 0 || (count > of.events_max && !of.accepted_before))
    return failure{
        fault::invalid_fields,
        "the request has too few or too many events",
        {{"/events", "expected 1 to " + std::to_string(of.events_max) + " events, and " + std::to_string(count) + " came"}}};
  auto out = batch{};
  out.events.reserve(count);
  auto each = reader{of, now, out};
  auto index = std::uint32_t{0};
  for (const auto what : all)
    each.read(index++, what);
  if (out.events.empty())
    return nothing_good(out);
  return out;
}

} // namespace ingot::events
