#pragma once

#include "model/fault.hpp"

#include <stdexcept>
#include <utility>

namespace ingot::storage {

/// What an operator asked for cannot be done: nothing was changed. `why` says what to do instead (not_found, conflict or
/// missing_field).
class refused_change : public std::runtime_error {
public:
  explicit refused_change(failure why) : std::runtime_error{why.message}, why_{std::move(why)} {}
  const failure& why() const noexcept { return why_; }

private:
  failure why_;
};

} // namespace ingot::storage
