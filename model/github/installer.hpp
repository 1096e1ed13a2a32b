#pragma once

#include <cstdint>
#include <string>

namespace ingot::github {

/// An installation of our App whose installer has proved who he is.
struct verified_installation {
  std::int64_t id = 0;
  std::string account;   ///< login that it is on
  std::string installer; ///< login of who came with it
};

} // namespace ingot::github
