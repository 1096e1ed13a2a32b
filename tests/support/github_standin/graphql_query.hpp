#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// A field of a GraphQL selection; of an inline fragment its type condition is `on`, and its fields are in `fields`.
struct graphql_field {
  std::string alias, name, on;
  std::map<std::string, std::string> arguments; ///< strings and numbers as text; of a variable its value
  std::vector<graphql_field> fields;
};

/// Reads one query operation (spec.graphql.org, section 2), as far as batches of blobs need it: fields, aliases, arguments of
/// scalars and variables, inline fragments. Throws std::runtime_error with what is wrong.
std::vector<graphql_field> parse_graphql(std::string_view query, const std::map<std::string, std::string>& variables);

} // namespace ingot::testing
