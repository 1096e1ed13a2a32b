#pragma once

#include "model/fault.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace ingot::crawl {

/// What an operator says of a source to be added.
struct new_source {
  std::string id;
  std::string name; ///< empty: as the id
};

/// Reads `{"id": text, "name": text}`; the name may be absent. @returns what is wrong with it otherwise, with the place; other
/// members are refused, since they would do nothing.
std::variant<new_source, failure> parse_new_source(std::string_view body);

} // namespace ingot::crawl
