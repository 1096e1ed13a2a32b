#pragma once

#include "config/settings.hpp"
#include "model/github/api/permits.hpp"
#include "model/github/api/values.hpp"
#include "model/github/installer.hpp"
#include "net/github/tokens.hpp"

#include <cstdint>
#include <string>

namespace ingot::github {

/// What App installations need that no repository does. Calls block; each request has its permit (law 8); throw
/// contents::provider_error, whose text names no secret (law 9). Thread-safe.
class app_installer {
public:
  /// The references outlive it.
  app_installer(const github_api_settings& settings, client& transport, tokens& credentials, permits& limiter);

  /// The name of our App's page: the setting, else GitHub is asked.
  std::string slug();

  /// Is the one who brought `code` entitled to the installation? An installation on a person must be that person's own; one on an
  /// organization must be among those that GitHub shows to the user. Throws (forbidden) when it is not.
  verified_installation verify(std::int64_t installation_id, const std::string& code);

private:
  std::string get(const std::string& path, const std::string& token);
  bool sees(const std::string& token, std::int64_t installation_id);

  const github_api_settings& settings_;
  client& transport_;
  tokens& credentials_;
  permits& limiter_;
};

} // namespace ingot::github
