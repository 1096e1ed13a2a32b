#pragma once

#include "model/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ingot {

/// What an operator says of a site, or of a key (without an id) to be made.
struct new_site {
  std::string name; ///< empty: not given
  std::optional<std::int64_t> id;
};

/// Reads `{"name": text, "id": whole number}`; both may be absent, and an empty body is an empty object. @returns what is wrong
/// with it otherwise, with the place; other members are refused, since they would do nothing.
std::variant<new_site, failure> parse_new_site(std::string_view body);

} // namespace ingot
