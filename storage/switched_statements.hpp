#pragma once

#include "config/test_switches.hpp"
#include "storage/pipeline.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace ingot::storage {

/// How a statement protects, and what stands there instead while that is off.
struct statement_switch {
  std::string_view statement; ///< its name
  std::string_view part;      ///< of its text, at every place
  std::string_view instead;
};

/// `all`, which live as long as the program; while `what` is off (tests of the fault runs only), with `changes`. In a release
/// always `all`.
std::span<const named_statement> switched(std::span<const named_statement> all, test_switch what,
                                          std::span<const statement_switch> changes);

} // namespace ingot::storage
