#include "model/github/api/permits.hpp"

namespace ingot::github {

std::string_view to_string(resource x) noexcept {
  return x == resource::graphql ? "graphql" : "core";
}

} // namespace ingot::github
