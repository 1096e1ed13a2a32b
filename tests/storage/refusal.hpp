#pragma once

#include "storage/refused_change.hpp"

#include <exception>
#include <string>

namespace ingot::testing {

/// What `work` was refused with, empty when it was not.
template <class Work>
std::string refusal(Work&& work) {
  try {
    work();
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Why `change` is refused; none when it is not.
template <class Change>
fault refusal_of(Change change) {
  try {
    change();
  } catch (const storage::refused_change& e) {
    return e.why().code;
  }
  return fault::none;
}

} // namespace ingot::testing
