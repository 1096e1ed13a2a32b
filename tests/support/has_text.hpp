#pragma once

#include "tests/support/catch.hpp"

#include <string>

namespace ingot::testing {

/// Matches a text that has `part` in it, for CHECK_THROWS_WITH.
inline auto has_text(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>) // Catch2 3.x
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}

} // namespace ingot::testing
