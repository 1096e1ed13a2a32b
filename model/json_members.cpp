#include "model/json_members.hpp"

#include "model/json_locate.hpp"

namespace ingot {

namespace {

constexpr std::size_t came_bytes_max = 80;

/// A NUL is written as JSON would: no row takes one.
std::string quoted(std::string_view text) {
  auto out = '"' + cut_for_echo(text, came_bytes_max) + '"';
  for (auto at = out.find('\0'); at != out.npos; at = out.find('\0', at))
    out.replace(at, 1, "\\u0000");
  return out;
}

/// What came instead, for a person: `nothing`, `null`, `the number 5`, `"abc"`.
std::string describe(const std::optional<simdjson::dom::element>& value) {
  if (!value)
    return "nothing";
  switch (value->type()) {
  case simdjson::dom::element_type::ARRAY:
    return "an array";
  case simdjson::dom::element_type::OBJECT:
    return "an object";
  case simdjson::dom::element_type::STRING:
    return quoted(*value);
  case simdjson::dom::element_type::NULL_VALUE:
    return "null";
  default:
    return simdjson::to_string(*value);
  }
}

} // namespace

std::string json_place::pointer() const {
  if (parent == nullptr)
    return {};
  auto out = parent->pointer();
  append_pointer_token(out, index ? std::to_string(*index) : std::string(name));
  return out;
}

void json_faults::lacks(const json_place& parent, std::string_view name, std::string_view expected, std::string_view came) {
  if (++lacking_ > details_max)
    return;
  auto pointer = parent.pointer();
  append_pointer_token(pointer, name);
  missing_.push_back({std::move(pointer), "expected " + std::string(expected) + ", and " + std::string(came) + " came"});
}

void json_faults::repeats(const json_place& parent, std::string_view name) {
  if (repeated_.size() == details_max)
    return;
  auto pointer = parent.pointer();
  append_pointer_token(pointer, name);
  repeated_.push_back({std::move(pointer), "expected this member once, and it came again"});
}

failure json_faults::take(std::string_view what) {
  if (!repeated_.empty())
    return {fault::malformed_body, "the body says a member twice", std::move(repeated_)};
  failure out{fault::missing_field, std::string(what) + " needs ", std::move(missing_)};
  for (std::size_t i = 0; i < out.details.size(); ++i)
    out.message += (i == 0 ? "" : ", ") + out.details[i].pointer;
  if (lacking_ > out.details.size())
    out.message += " and " + std::to_string(lacking_ - out.details.size()) + " more";
  return out;
}

void json_members_base::fill(const std::optional<simdjson::dom::object>& object, std::optional<element>* values) {
  values_ = values;
  if (!object)
    return;
  for (const auto member : *object) {
    for (auto slot = slot_of(member.key); table_.slots[slot] != 0; slot = (slot + 1) % slot_count) {
      const std::size_t i = table_.slots[slot] - 1u;
      if (table_.names[i] != member.key)
        continue;
      if (values_[i])
        faults_->repeats(place_, member.key);
      else
        values_[i] = member.value;
      break;
    }
  }
}

std::optional<std::string_view> json_members_base::text_at(std::size_t i) const {
  std::string_view out;
  if (!values_[i] || values_[i]->get_string().get(out) != simdjson::SUCCESS)
    return std::nullopt;
  return out;
}

std::optional<std::int64_t> json_members_base::integer_at(std::size_t i) const {
  std::int64_t out = 0;
  if (!values_[i] || values_[i]->get_int64().get(out) != simdjson::SUCCESS)
    return std::nullopt;
  return out;
}

std::optional<bool> json_members_base::flag_at(std::size_t i) const {
  bool out = false;
  if (!values_[i] || values_[i]->get_bool().get(out) != simdjson::SUCCESS)
    return std::nullopt;
  return out;
}

std::optional<timestamp> json_members_base::time_at(std::size_t i) const {
  if (const auto text = text_at(i))
    return parse_rfc3339(*text);
  if (const auto seconds = integer_at(i))
    return from_epoch_seconds(*seconds);
  return std::nullopt;
}

std::optional<simdjson::dom::array> json_members_base::array_at(std::size_t i) const {
  simdjson::dom::array out;
  if (!values_[i] || values_[i]->get_array().get(out) != simdjson::SUCCESS)
    return std::nullopt;
  return out;
}

bool json_members_base::is_null_at(std::size_t i) const {
  return values_[i] && values_[i]->is_null();
}

json_child json_members_base::child_at(std::size_t i) const {
  json_child out{std::nullopt, {&place_, table_.names[i], std::nullopt}, faults_};
  simdjson::dom::object object;
  if (values_[i] && values_[i]->get_object().get(object) == simdjson::SUCCESS)
    out.object = object;
  return out;
}

std::string_view json_members_base::need_text_at(std::size_t i) const {
  const auto text = text_at(i);
  if (!text)
    lacks_at(i, "a string");
  return text.value_or("");
}

std::int64_t json_members_base::need_positive_at(std::size_t i, std::int64_t max) const {
  const auto value = integer_at(i);
  if (value && *value >= 1 && *value <= max)
    return *value;
  lacks_at(i, "a whole number from 1 to " + std::to_string(max));
  return 0;
}

timestamp json_members_base::need_time_at(std::size_t i) const {
  const auto at = time_at(i);
  if (!at)
    lacks_at(i, "a time (RFC 3339, or seconds since 1970)");
  return at.value_or(timestamp{});
}

void json_members_base::lacks_at(std::size_t i, std::string_view expected) const {
  faults_->lacks(place_, table_.names[i], expected, describe(values_[i]));
}

} // namespace ingot
