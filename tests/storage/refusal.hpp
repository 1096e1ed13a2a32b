#pragma once

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

} // namespace ingot::testing
