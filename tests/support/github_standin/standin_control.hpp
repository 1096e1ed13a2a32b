#pragma once

#include "tests/support/github_standin/standin_state.hpp"

#include <string>

namespace ingot::testing {

/// Steers the stand-in from another process. Bodies and answers are JSON:
/// POST  /_standin/repositories        {owner, name, path, private?, default_branch?} → {id}
/// PATCH /_standin/repositories/{id}   {owner?, name?, private?, archived?, deleted?, taken_down?, default_branch?}
/// POST  /_standin/tokens              {token, login, user_id}
/// POST  /_standin/apps                {id, slug, name, client_id, client_secret, public_key}
/// POST  /_standin/installations       {id, account, suspended?}
/// POST  /_standin/deliveries          {hook?, guid, event, action?, status, status_code} → {id}
/// POST  /_standin/faults              {seed, rate, kinds: [..], match?, count_max?}
/// POST  /_standin/budget              {core?, graphql?, window_seconds?, points_per_minute?, at_once?}
/// GET   /_standin/counts, DELETE /_standin/counts
class standin_control {
public:
  standin_control(github_standin& of, const web_request& request) : of_{of}, request_{request} {}

  web_answer answer();

private:
  web_answer change(std::int64_t id);
  web_answer post(const std::string& what);
  json counts() const;

  github_standin& of_;
  const web_request& request_;
};

} // namespace ingot::testing
