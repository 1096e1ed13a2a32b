#pragma once

#include <string_view>

namespace ingot::testing {

/// While it lives these protections are off in this process (config/test_switches.hpp). False where none can be: a build without
/// them. Sessions with the database that were opened before stay as they are.
class switched_off {
public:
  explicit switched_off(std::string_view list);
  ~switched_off();
  switched_off(const switched_off&) = delete;
  switched_off& operator=(const switched_off&) = delete;

  explicit operator bool() const noexcept;
};

} // namespace ingot::testing
