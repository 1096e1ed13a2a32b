#include "model/mcp/manifest_report.hpp"

#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"

namespace ingot::mcp {

std::string_view to_string(problem_source source) noexcept {
  return source == problem_source::schema ? "schema" : "rule";
}

std::string to_json(const manifest_report& report) {
  auto errors = std::vector<std::string>{};
  for (const auto& each : report.problems)
    errors.push_back(json_object{}
                         .add("source", to_string(each.source))
                         .add("pointer", each.pointer)
                         .add("message", each.message)
                         .add("hint", each.hint)
                         .add("line", each.line)
                         .add("column", each.column)
                         .text());
  return json_object{}
      .add("valid", report.valid)
      .add("schema_valid", report.schema_valid)
      .add("schema", report.schema)
      .add_raw("errors", json_array(errors))
      .text();
}

bool from_json(std::string_view text, manifest_report& report) {
  auto document = json_document{};
  if (document.parse(text))
    return false;
  auto faults = json_faults{};
  const auto place = json_place{};
  const auto top = json_members<"valid", "schema_valid", "schema", "errors">{json_child{document.root(), place, &faults}};
  const auto errors = top.array<"errors">();
  if (!errors)
    return false;
  report = {true,
            top.flag<"valid">().value_or(false),
            top.flag<"schema_valid">().value_or(false),
            std::string{top.text<"schema">().value_or("")},
            {}};
  for (const auto each : *errors) {
    auto object = simdjson::dom::object{};
    if (each.get(object) != simdjson::SUCCESS || report.problems.size() == manifest_report::problems_max)
      return false;
    const auto x = json_members<"source", "pointer", "message", "hint", "line", "column">{json_child{object, place, &faults}};
    const auto text_of = [](std::optional<std::string_view> member) { return std::string{member.value_or("")}; };
    report.problems.push_back({x.text<"source">() == "rule" ? problem_source::rule : problem_source::schema,
                               text_of(x.text<"pointer">()), text_of(x.text<"message">()), text_of(x.text<"hint">()),
                               static_cast<std::size_t>(x.integer<"line">().value_or(1)),
                               static_cast<std::size_t>(x.integer<"column">().value_or(1))});
  }
  return true;
}

} // namespace ingot::mcp
