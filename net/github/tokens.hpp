#pragma once

#include "config/settings.hpp"
#include "model/github/api/credential.hpp"
#include "model/github/api/permits.hpp"
#include "model/time.hpp"
#include "net/github/client.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ingot::github {

/// A token to be sent, and whose limit it draws on.
struct access {
  std::string token;  ///< empty: anonymous
  std::string budget; ///< as permit_order has it
};

/// Where credentials are kept (storage/credentials). Blocks.
struct credential_book {
  std::function<std::optional<credential>(std::int64_t id)> load;
  /// Keeps refreshed tokens if the row's version is still the one given. @returns whether it was
  std::function<bool(const credential& refreshed)> save;
  /// What GitHub refuses for good is marked, so that it is shown and not tried again.
  std::function<void(std::int64_t id, const std::string& reason)> refuse;
};

/// Tokens for requests: the App's JWT, installation tokens that are fetched once however many ask and kept until shortly before
/// they expire, user tokens that are refreshed, personal ones. Thread-safe; calls block; throw contents::provider_error.
class tokens {
public:
  tokens(const github_api_settings& settings, client& transport, permits& limiter, credential_book book,
         std::function<timestamp()> now);
  ~tokens();

  /// @param credential_id 0: the node's personal token, or anonymous when it has none
  access of(std::int64_t credential_id, contents::urgency how);

  /// Of the App itself: a JWT (RS256). Throws (forbidden) when the settings name no App.
  access of_app();

  /// GitHub said 401 to this token: the next time another is made, if one can be. A kept one that GitHub refuses twice is refused
  /// in the book. Blocks.
  void forget(std::int64_t credential_id, const std::string& refused);

  timestamp now() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::github
