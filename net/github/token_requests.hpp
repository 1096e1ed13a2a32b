#pragma once

#include "config/settings.hpp"
#include "model/github/api/answer.hpp"
#include "model/github/api/parse.hpp"
#include "model/github/api/permits.hpp"
#include "model/time.hpp"
#include "net/github/client.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ingot::github {

/// The requests that make tokens, each with a permit of the App's budget (law 8). Thread-safe; calls block; throw
/// contents::provider_error, whose text names no secret (law 9).
class token_requests {
public:
  /// The references outlive it.
  token_requests(const github_api_settings& settings, client& transport, permits& limiter, std::function<timestamp()> now);

  /// POST /app/installations/{id}/access_tokens.
  api::installation_token of_installation(std::int64_t installation_id, const std::string& jwt, contents::urgency how);

  /// POST {web_url}/login/oauth/access_token. A refusal is in the answer's `error`.
  api::refreshed_token refresh(const std::string& refresh_token, contents::urgency how);

  /// The same for the code that GitHub hands a user who has authorized our App ("Generating a user access token").
  api::refreshed_token exchange(const std::string& code, contents::urgency how);

private:
  api::refreshed_token user_token(const std::string& grant, contents::urgency how, std::string_view what);
  http_answer ask(const http_call& call, contents::urgency how, std::string_view what);

  const github_api_settings& settings_;
  client& transport_;
  permits& limiter_;
  std::function<timestamp()> now_;
};

} // namespace ingot::github
