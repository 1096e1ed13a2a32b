#include "net/routes/preferences.hpp"

#include <algorithm>
#include <string>

namespace ingot::routes {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  auto out = std::string{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

} // namespace

preferences parse_preferences(std::string_view field) {
  auto out = preferences{};
  auto handling_told = false;
  while (!field.empty()) {
    const auto end = std::min(field.find(','), field.size());
    const auto preference = trimmed(field.substr(0, field.substr(0, end).find(';')));
    field.remove_prefix(std::min(end + 1, field.size()));
    const auto equals = std::min(preference.find('='), preference.size());
    const auto name = lower(trimmed(preference.substr(0, equals)));
    const auto value = equals < preference.size() ? lower(unquoted(trimmed(preference.substr(equals + 1)))) : std::string{};
    if (name == "respond-async") {
      out.respond_async = true;
    } else if (name == "handling" && !handling_told) {
      out.lenient = value == "lenient";
      handling_told = true;
    }
  }
  return out;
}

} // namespace ingot::routes
