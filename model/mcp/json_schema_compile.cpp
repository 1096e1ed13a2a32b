#include "model/mcp/json_schema_node.hpp"

#include <array>
#include <map>
#include <stdexcept>

namespace ingot::mcp {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument{"the schema " + what};
}

template <class T>
T need(simdjson::simdjson_result<T> x, std::string_view what) {
  auto out = T{};
  if (std::move(x).get(out) != simdjson::SUCCESS)
    refuse("has something else where " + std::string{what} + " must stand");
  return out;
}

/// ECMAScript's `\s` within a class is wider than RE2's (ECMA-262, WhiteSpace and LineTerminator).
std::string as_re2(std::string_view pattern) {
  auto out = std::string{};
  for (auto i = std::size_t{0}; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      const auto letter = pattern[++i];
      letter == 's' ? out += R"(\s\x{0b}\x{a0}\x{feff}\pZ)" : (out += '\\') += letter;
      continue;
    }
    out += pattern[i];
  }
  return out;
}

std::pair<element_type, std::string> type_of(std::string_view name) {
  static constexpr auto types = std::to_array<std::pair<std::string_view, element_type>>({{"object", element_type::OBJECT},
                                                                                          {"array", element_type::ARRAY},
                                                                                          {"string", element_type::STRING},
                                                                                          {"boolean", element_type::BOOL}});
  for (const auto& [each, type] : types)
    if (each == name)
      return {type, std::string{name}};
  refuse("names the type " + std::string{name} + ", which is not implemented");
}

} // namespace

/// Makes nodes of a schema's text. A reference leads to a definition of the same text.
class schema_compiler {
public:
  schema_compiler(json_schema& into, element document) : into_(into), document_(document) {}

  const json_schema::node* compile(element x) {
    auto* out = into_.nodes_.emplace_back(std::make_unique<json_schema::node>()).get();
    auto allowed = false;
    if (x.get(allowed) == simdjson::SUCCESS) {
      out->always = allowed;
      return out;
    }
    const auto object = need(x.get_object(), "a schema");
    auto target = std::string_view{};
    if (object["$ref"].get(target) == simdjson::SUCCESS) {
      out->ref = definition(target);
      return out;
    }
    for (const auto member : object)
      keyword(*out, member.key, member.value);
    return out;
  }

private:
  const json_schema::node* definition(std::string_view target) {
    constexpr auto prefix = std::string_view{"#/definitions/"};
    if (!target.starts_with(prefix))
      refuse("refers to " + std::string{target} + ", which is none of its definitions");
    const auto name = std::string{target.substr(prefix.size())};
    if (const auto found = definitions_.find(name); found != definitions_.end())
      return found->second;
    auto there = element{};
    if (document_["definitions"][name].get(there) != simdjson::SUCCESS)
      refuse("has no definition " + name);
    return definitions_[name] = compile(there);
  }

  std::vector<const json_schema::node*> list(element x) {
    auto out = std::vector<const json_schema::node*>{};
    for (const auto each : need(x.get_array(), "a list of schemas"))
      out.push_back(compile(each));
    return out;
  }

  static std::vector<std::string> texts(element x) {
    auto out = std::vector<std::string>{};
    for (const auto each : need(x.get_array(), "a list of texts"))
      out.emplace_back(need(each.get_string(), "a text"));
    return out;
  }

  void keyword(json_schema::node& to, std::string_view name, element x) {
    const auto number = [&] { return static_cast<std::size_t>(need(x.get_uint64(), "a number")); };
    if (name == "type")
      std::tie(to.type.emplace(), to.type_name) = type_of(need(x.get_string(), "a type"));
    else if (name == "properties")
      for (const auto member : need(x.get_object(), "properties"))
        to.properties.emplace_back(std::string{member.key}, compile(member.value));
    else if (name == "required")
      to.required = texts(x);
    else if (name == "additionalProperties")
      to.additional = compile(x);
    else if (name == "items")
      to.items = compile(x);
    else if (name == "enum")
      to.values = texts(x);
    else if (name == "const")
      to.values = {std::string{need(x.get_string(), "a text")}};
    else if (name == "pattern")
      pattern(to, need(x.get_string(), "a pattern"));
    else if (name == "minLength")
      to.length_min = number();
    else if (name == "maxLength")
      to.length_max = number();
    else if (name == "format")
      format(to, need(x.get_string(), "a format"));
    else if (name == "anyOf")
      to.any_of = list(x);
    else if (name == "allOf")
      to.all_of = list(x);
    else if (name == "not")
      to.inverse = compile(x);
    else if (name == "description")
      to.description = need(x.get_string(), "a text");
    else if (!is_annotation(name))
      refuse("uses the keyword " + std::string{name} + ", which is not implemented");
  }

  static void pattern(json_schema::node& to, std::string_view text) {
    auto quiet = RE2::Options{};
    quiet.set_log_errors(false);
    to.pattern = std::make_unique<RE2>(as_re2(text), quiet);
    if (!to.pattern->ok())
      refuse("has the pattern " + std::string{text} + ", which RE2 does not take");
    to.pattern_text = text;
  }

  static void format(json_schema::node& to, std::string_view name) {
    if (name != "uri")
      refuse("names the format " + std::string{name} + ", which is not implemented");
    to.is_uri = true;
  }

  static bool is_annotation(std::string_view name) {
    static constexpr auto names =
        std::to_array<std::string_view>({"$schema", "$id", "$comment", "title", "example", "examples", "default", "definitions"});
    for (const auto each : names)
      if (each == name)
        return true;
    return false;
  }

  json_schema& into_;
  element document_;
  std::map<std::string, const json_schema::node*, std::less<>> definitions_;
};

json_schema::json_schema(std::string_view text) {
  auto parser = simdjson::dom::parser{};
  auto document = simdjson::dom::element{};
  if (parser.parse(simdjson::padded_string{text}).get(document) != simdjson::SUCCESS)
    refuse("is no JSON");
  root_ = schema_compiler{*this, document}.compile(document);
}

json_schema::~json_schema() = default;
json_schema::json_schema(json_schema&&) noexcept = default;
json_schema& json_schema::operator=(json_schema&&) noexcept = default;

} // namespace ingot::mcp
