#pragma once

#include "tests/support/github_standin/standin_state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ingot::testing {

/// One request to what is github.com and codeload.github.com: archives, git over smart HTTP, OAuth.
class standin_web {
public:
  standin_web(github_standin& of, const web_request& request);

  web_answer answer();

private:
  web_answer archive(const std::vector<std::string>& names);
  web_answer git(const std::vector<std::string>& names);
  web_answer lfs_batch(const std::vector<std::string>& names);
  web_answer lfs_object(const std::vector<std::string>& names);
  web_answer oauth();
  web_answer oauth_answer(const hosted_token& of);

  github_standin::state& state_;
  const web_request& request_;
};

/// `name=value&…`, decoded.
std::optional<std::string> form_value(const std::string& form, const std::string& name);

} // namespace ingot::testing
