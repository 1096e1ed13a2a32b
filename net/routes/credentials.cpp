#include "net/routes/credentials.hpp"

#include "net/routes/field_text.hpp"

namespace ingot::routes {

std::string_view bearer_token(const http::request_head& head) {
  const auto given = head["authorization"];
  const auto space = given.find(' ');
  if (space == std::string_view::npos || !equal_in_any_case(given.substr(0, space), "bearer"))
    return {};
  return trimmed(given.substr(space));
}

std::string_view presented_key(const http::request_head& head) {
  const auto key = head["x-api-key"];
  return key.empty() ? bearer_token(head) : key;
}

} // namespace ingot::routes
