#include "net/routes/preferences.hpp"

#include "net/routes/field_text.hpp"

#include <string>

namespace ingot::routes {

namespace {

/// Takes what stands before the next `separator` outside quotes, and the separator, off the front of `rest`.
std::string_view take_until(char separator, std::string_view& rest) {
  auto quoted = false;
  auto end = std::size_t{0};
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"')
      quoted = !quoted;
    else if (quoted && rest[end] == '\\')
      ++end;
  }
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(end < rest.size() ? end + 1 : rest.size());
  return taken;
}

/// A word, or what a quoted string says.
std::string value_of(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    return std::string{text};
  auto out = std::string{};
  for (auto i = std::size_t{1}; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size())
      ++i;
    out += text[i];
  }
  return out;
}

} // namespace

preferences parse_preferences(std::string_view field) {
  auto out = preferences{};
  auto handling_told = false;
  while (!field.empty()) {
    auto with_parameters = take_until(',', field);
    auto value = take_until(';', with_parameters);
    const auto name = trimmed(take_until('=', value));
    if (equal_in_any_case(name, "respond-async")) {
      out.respond_async = true;
    } else if (equal_in_any_case(name, "handling") && !handling_told) {
      out.lenient = equal_in_any_case(value_of(trimmed(value)), "lenient");
      handling_told = true;
    }
  }
  return out;
}

} // namespace ingot::routes
