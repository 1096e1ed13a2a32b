#include "net/github/client.hpp"

#include <algorithm>

namespace ingot::github {

std::string_view http_answer::operator[](std::string_view name) const noexcept {
  const auto at = std::find_if(headers.begin(), headers.end(), [&](const auto& x) { return x.first == name; });
  return at == headers.end() ? std::string_view{} : std::string_view{at->second};
}

} // namespace ingot::github
