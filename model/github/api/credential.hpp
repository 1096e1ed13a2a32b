#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::github {

/// What a row of provider_credentials is.
enum class credential_kind : std::uint8_t {
  installation, ///< of our GitHub App: tokens are made by its key, so no secret is kept
  user,         ///< a user access token of our GitHub App, with a refresh token
  personal,     ///< a personal access token
};

std::string_view to_string(credential_kind x) noexcept;
std::optional<credential_kind> credential_kind_of(std::string_view name) noexcept;

/// A credential, opened. Never logged (law 9).
struct credential {
  std::int64_t id = 0;
  credential_kind kind = credential_kind::personal;
  std::int64_t installation_id = 0; ///< of an installation
  std::string access_token;         ///< of user and personal
  std::string refresh_token;        ///< of user; rotates with every refresh
  std::optional<timestamp> expires_at, refresh_expires_at;
  std::int64_t version = 0; ///< moves with every change, so that of two refreshes at once one is kept
};

} // namespace ingot::github
