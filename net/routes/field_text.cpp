#include "net/routes/field_text.hpp"

#include "net/http/character.hpp"

#include <algorithm>

namespace ingot::routes {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool equal_in_any_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return http::character::to_lower(x) == y; });
}

} // namespace ingot::routes
