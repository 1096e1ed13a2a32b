#pragma once

#include "model/crawl/items.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ingot::crawl {

/// A body without the items that cannot be stored at all.
struct sifted_body {
  std::string text;               ///< null stands in their places
  std::vector<item_error> errors; ///< one of each
};

/// Finds the elements of the top level's `items` whose text holds what JSON or the database cannot keep (a NUL, a lone surrogate,
/// too many levels, a number beyond double, bytes that are no UTF-8), so that they do not take the others with them. What is no
/// JSON otherwise stays as it is: whoever parses it says so.
sifted_body sift_items(std::string_view body);

} // namespace ingot::crawl
