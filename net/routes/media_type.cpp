#include "net/routes/media_type.hpp"

#include <algorithm>

namespace ingot::routes {

std::string_view without_parameters(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ')
    type.remove_suffix(1);
  return type;
}

bool is_media_type(std::string_view content_type, std::string_view expected) {
  const auto type = without_parameters(content_type);
  return std::equal(type.begin(), type.end(), expected.begin(), expected.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y; });
}

} // namespace ingot::routes
