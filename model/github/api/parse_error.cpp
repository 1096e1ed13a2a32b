#include "model/github/api/parse.hpp"

#include "model/github/api/answer_document.hpp"

#include <algorithm>

namespace ingot::github::api {

namespace {

/// An error's body is short; a longer one is no message for a person.
constexpr std::size_t error_bytes_max = 64 * 1024;

std::string one_line(std::string_view text) {
  if (!is_storable(text))
    return {};
  auto out = cut_for_echo(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
  return out;
}

} // namespace

std::string parse_error_message(std::string_view body) {
  auto document = answer_document{};
  if (body.size() > error_bytes_max || first_of(body) != '{' || document.read(body))
    return {};
  return one_line(json_members<"message">{document.root()}.text<"message">().value_or(""));
}

std::optional<graphql_error> parse_graphql_error(std::string_view body) {
  auto document = answer_document{};
  // Most answers are large and have none: those are not parsed for it.
  if (body.find("\"errors\"") == body.npos || document.read(body))
    return std::nullopt;
  const auto top = json_members<"errors">{document.root()};
  if (!top.array<"errors">())
    return std::nullopt;
  auto out = std::optional<graphql_error>{};
  for_each_of<"errors">(top, [&](const json_child& each) {
    const auto x = json_members<"type", "message">{each};
    const auto type = x.text<"type">().value_or("");
    if (!out)
      out = graphql_error{one_line(type), one_line(x.text<"message">().value_or("")), false};
    out->rate_limited = out->rate_limited || type == "RATE_LIMITED";
  });
  return out;
}

} // namespace ingot::github::api
