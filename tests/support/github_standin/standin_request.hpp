#pragma once

#include "tests/support/github_standin/graphql_query.hpp"
#include "tests/support/github_standin/standin_state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// One request to the API, from its head to its answer.
class standin_request {
public:
  standin_request(github_standin& of, const web_request& request);

  web_answer answer();

private:
  /// Who asks.
  struct caller {
    bool anonymous = true, is_app = false;
    hosted_token token;
    std::string text; ///< of the token
    std::string budget = "anonymous";
  };

  using segments = std::vector<std::string>;

  // standin_request.cpp
  std::optional<web_answer> find_caller();
  bool is_valid_jwt(std::string_view jwt) const;
  web_answer metered();
  std::optional<web_answer> early_fault(fault_kind kind);
  void late_fault(fault_kind kind, web_answer& what);
  void apply_etag(web_answer& what);
  web_answer route();
  web_answer problem(unsigned status, const std::string& message) const;
  web_answer ok(const json& body, unsigned status = 200) const;
  web_answer with_etag(web_answer what, const std::string& of_what) const;
  struct span {
    std::size_t from = 0, to = 0;
  };
  /// Which items of `count` are on the page that is asked for; sets the Link header.
  span page(std::size_t count, web_answer& what, std::size_t per_page_default = 30) const;

  // repository_answers.cpp
  web_answer repository_route(const segments& names, std::size_t rest);
  std::optional<web_answer> choose_repository(const segments& names);
  bool may_see(const hosted_repository& x) const;
  web_answer contents_of_git(const segments& rest);
  web_answer commit(const std::string& ref);
  web_answer branch(const std::string& name);
  web_answer git_commit(const std::string& id);
  web_answer tree(const std::string& name);
  web_answer blob(const std::string& id);
  web_answer compare(const std::string& basehead);
  web_answer contents(const std::string& path);
  web_answer folder(const std::string& commit, const tree_line& at, const std::string& ref);
  web_answer tarball(const std::string& ref);
  web_answer pull_files(const std::string& number);
  bool wants_raw() const;
  web_answer raw(const std::string& id, std::uint64_t size);

  // app_answers.cpp
  web_answer app_route(const segments& names);
  web_answer installations();
  web_answer new_installation_token(std::int64_t id);
  web_answer installation_repositories();
  web_answer deliveries(const std::string& hook);
  web_answer redeliver(const std::string& hook, std::int64_t id);
  web_answer user_route(const segments& names);
  web_answer rate_limit();
  std::vector<hosted_repository> repositories_of(const hosted_installation& x) const;

  // graphql_answers.cpp
  web_answer graphql();
  json graphql_repository(const graphql_field& of);
  json graphql_rate_limit(const graphql_field& of);

  github_standin& of_;
  github_standin::state& state_;
  const web_request& request_;
  caller caller_;
  std::string endpoint_ = "other";
  hosted_repository repository_;
  std::optional<git_reading> git_;
  std::vector<std::string> served_; ///< blobs that the answer holds whole
};

std::vector<std::string> split_path(std::string_view path);

} // namespace ingot::testing
