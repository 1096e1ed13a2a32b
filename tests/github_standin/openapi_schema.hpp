#pragma once

#include <simdjson.h>
#include <string>
#include <vector>

namespace ingot::testing {

/// An OpenAPI 3 description, by which answers are judged: required members, types, null, enumerations, items, and combinations.
/// What it says of formats and lengths is passed over.
class openapi_description {
public:
  explicit openapi_description(const std::string& text);

  /// @param operation `GET /repos/{owner}/{repo}`
  /// @returns what is wrong with the body of an answer, a sentence each, with the place
  std::vector<std::string> judge(const std::string& operation, unsigned status, const std::string& body) const;

private:
  using element = simdjson::dom::element;
  using faults = std::vector<std::string>;

  element resolved(element schema) const;
  void judge(element schema, element value, const std::string& place, faults& out) const;
  void judge_object(element schema, simdjson::dom::object value, const std::string& place, faults& out) const;
  void judge_combinations(element schema, element value, const std::string& place, faults& out) const;

  simdjson::dom::parser parser_;
  element root_;
};

} // namespace ingot::testing
