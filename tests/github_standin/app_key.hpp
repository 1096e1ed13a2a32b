#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ingot::testing {

/// An RSA key made for one test.
struct app_key {
  std::string private_pem, public_pem;

  app_key();

  /// A JWT (RS256) of the App, good for nine minutes from `now`.
  std::string jwt(std::int64_t app_id, std::int64_t now) const;
};

} // namespace ingot::testing
