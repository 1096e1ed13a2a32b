#pragma once

#include "model/mcp/json_schema.hpp"

#include <limits>
#include <re2/re2.h>
#include <utility>

namespace ingot::mcp {

/// One schema object, compiled.
struct json_schema::node {
  bool always = true;        ///< of a boolean schema
  const node* ref = nullptr; ///< instead of all that follows: draft-07 ignores what stands beside `$ref`
  std::optional<simdjson::dom::element_type> type;
  std::string type_name;
  std::vector<std::pair<std::string, const node*>> properties;
  std::vector<std::string> required;
  const node* additional = nullptr; ///< of members that are not among the properties
  const node* items = nullptr;
  std::vector<std::string> values; ///< of enum and const; empty: any
  std::unique_ptr<RE2> pattern;
  std::string pattern_text;
  std::size_t length_min = 0, length_max = std::numeric_limits<std::size_t>::max(); ///< in characters
  bool is_uri = false;
  std::vector<const node*> any_of, all_of;
  const node* inverse = nullptr; ///< `not`
  std::string description;

  const node* property(std::string_view name) const noexcept {
    for (const auto& [each, schema] : properties)
      if (each == name)
        return schema;
    return nullptr;
  }
};

} // namespace ingot::mcp
