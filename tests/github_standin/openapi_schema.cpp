#include "tests/github_standin/openapi_schema.hpp"

#include <algorithm>

namespace ingot::testing {

namespace {

using simdjson::SUCCESS;
using element = simdjson::dom::element;

std::string type_of(element x) {
  switch (x.type()) {
  case simdjson::dom::element_type::OBJECT:
    return "object";
  case simdjson::dom::element_type::ARRAY:
    return "array";
  case simdjson::dom::element_type::STRING:
    return "string";
  case simdjson::dom::element_type::BOOL:
    return "boolean";
  case simdjson::dom::element_type::NULL_VALUE:
    return "null";
  case simdjson::dom::element_type::DOUBLE:
    return "number";
  default:
    return "integer";
  }
}

/// The types that a schema names; none: any.
std::vector<std::string> types_of(element schema) {
  std::vector<std::string> out;
  element type;
  if (schema["type"].get(type) != SUCCESS)
    return out;
  simdjson::dom::array several;
  if (type.get(several) == SUCCESS)
    for (const auto x : several)
      out.emplace_back(std::string_view{x});
  else
    out.emplace_back(std::string_view{type});
  if (std::find(out.begin(), out.end(), "number") != out.end())
    out.emplace_back("integer");
  return out;
}

std::string in_pointer(std::string_view name) {
  std::string out;
  for (const auto c : name)
    out += c == '/' ? "~1" : c == '~' ? "~0" : std::string(1, c);
  return out;
}

} // namespace

openapi_description::openapi_description(const std::string& text) : root_{parser_.parse(text)} {}

element openapi_description::resolved(element schema) const {
  std::string_view reference;
  while (schema["$ref"].get(reference) == SUCCESS)
    schema = root_.at_pointer(reference.substr(1));
  return schema;
}

std::vector<std::string> openapi_description::judge(const std::string& operation, unsigned status,
                                                    const std::string& body) const {
  const auto space = operation.find(' ');
  auto method = operation.substr(0, space);
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto place = "/paths/" + in_pointer(operation.substr(space + 1)) + '/' + method + "/responses/" + std::to_string(status);
  element response;
  if (root_.at_pointer(place).get(response) != SUCCESS)
    return {operation + ": the description has no answer " + std::to_string(status)};
  element schema;
  if (resolved(response)["content"]["application/json"]["schema"].get(schema) != SUCCESS)
    return {operation + ": the description has no schema for " + std::to_string(status)};
  simdjson::dom::parser parser;
  element value;
  if (parser.parse(body).get(value) != SUCCESS)
    return {operation + ": the answer is no JSON"};
  faults out;
  judge(schema, value, operation, out);
  return out;
}

void openapi_description::judge(element schema, element value, const std::string& place, faults& out) const {
  schema = resolved(schema);
  bool nullable = false;
  if (value.is_null() && schema["nullable"].get(nullable) == SUCCESS && nullable)
    return;
  const auto types = types_of(schema);
  const auto type = type_of(value);
  if (!types.empty() && std::find(types.begin(), types.end(), type) == types.end()) {
    out.push_back(place + ": expected " + types.front() + ", not " + type);
    return;
  }
  simdjson::dom::array allowed;
  if (schema["enum"].get(allowed) == SUCCESS && !value.is_null() &&
      std::none_of(allowed.begin(), allowed.end(), [&](element x) { return simdjson::minify(x) == simdjson::minify(value); }))
    out.push_back(place + ": " + std::string{simdjson::minify(value)} + " is none of the enumeration");
  simdjson::dom::object object;
  if (value.get(object) == SUCCESS)
    judge_object(schema, object, place, out);
  simdjson::dom::array items;
  element of_items;
  if (value.get(items) == SUCCESS && schema["items"].get(of_items) == SUCCESS) {
    auto i = 0;
    for (const auto x : items)
      judge(of_items, x, place + '/' + std::to_string(i++), out);
  }
  judge_combinations(schema, value, place, out);
}

void openapi_description::judge_object(element schema, simdjson::dom::object value, const std::string& place, faults& out) const {
  simdjson::dom::array required;
  if (schema["required"].get(required) == SUCCESS)
    for (const auto name : required)
      if (element ignored; value[std::string_view{name}].get(ignored) != SUCCESS)
        out.push_back(place + ": lacks " + std::string{std::string_view{name}});
  simdjson::dom::object properties;
  if (schema["properties"].get(properties) == SUCCESS)
    for (const auto& [name, of] : properties)
      if (element member; value[name].get(member) == SUCCESS)
        judge(of, member, place + '/' + std::string{name}, out);
}

void openapi_description::judge_combinations(element schema, element value, const std::string& place, faults& out) const {
  simdjson::dom::array parts;
  if (schema["allOf"].get(parts) == SUCCESS)
    for (const auto x : parts)
      judge(x, value, place, out);
  for (const auto* name : {"anyOf", "oneOf"}) {
    if (schema[name].get(parts) != SUCCESS)
      continue;
    faults least;
    auto fits = false;
    for (const auto x : parts) {
      faults here;
      judge(x, value, place, here);
      fits = fits || here.empty();
      if (least.empty() || here.size() < least.size())
        least = here;
    }
    if (!fits)
      out.insert(out.end(), least.begin(), least.end());
  }
}

} // namespace ingot::testing
