#pragma once

#include "tests/support/github_standin/budget.hpp"
#include "tests/support/github_standin/faults.hpp"
#include "tests/support/github_standin/web_server.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// A repository as the stand-in hosts it. Its contents are those of the git repository at `path`, whatever happens to that.
struct hosted_repository {
  std::int64_t id = 0; ///< 0: the next free one
  std::string owner, name;
  std::string path; ///< of a git repository, bare or not
  std::string default_branch = "main";
  bool is_private = false, archived = false, disabled = false;
  bool deleted = false;    ///< 404
  bool taken_down = false; ///< 451
  std::vector<std::pair<std::string, std::string>> former_names = {};

  struct pull_file {
    std::string path, status, previous_path, id;
    std::int64_t additions = 0, deletions = 0;
  };
  std::map<std::int64_t, std::vector<pull_file>> pulls = {};
};

/// A token that the stand-in knows.
struct hosted_token {
  std::string login;
  std::int64_t user_id = 0;
  std::int64_t installation_id = 0;                        ///< of an installation token
  std::optional<std::set<std::int64_t>> repositories = {}; ///< private ones that it may see; nothing: all
  std::optional<std::int64_t> expires_at = {};             ///< seconds since 1970
  std::string budget = {};                                 ///< whose limit it draws on; empty: `user/ID`
};

struct hosted_app {
  std::int64_t id = 0;
  std::string client_id, client_secret, slug, name;
  std::string public_key; ///< PEM; JWTs are verified by it
};

struct hosted_installation {
  std::int64_t id = 0;
  std::string account;
  std::int64_t account_id = 0;
  std::string account_type = "Organization";
  std::optional<std::set<std::int64_t>> repositories = {}; ///< nothing: all of the account
  bool suspended = false;
  std::set<std::string> visible_to = {}; ///< logins that GET /user/installations shows it to
};

struct hosted_delivery {
  std::int64_t id = 0; ///< 0: the next free one
  std::string hook;    ///< empty: the App's; else `owner/repo/7`
  std::string guid, event, action, status = "OK";
  int status_code = 200;
  std::int64_t delivered_at = 0; ///< seconds since 1970; 0: now
  bool redelivery = false;
  std::int64_t repository_id = 0, installation_id = 0;
};

struct standin_options {
  std::uint16_t port = 0;     ///< of the API; 0: any
  std::uint16_t web_port = 0; ///< of what is github.com and codeload.github.com
};

/// How large answers may get before they are cut, and for how long tokens live.
struct standin_limits {
  std::size_t tree_entries_max = 100'000, tree_bytes_max = 7 * 1024 * 1024;
  std::size_t compare_files_max = 300, compare_commits_max = 250;
  std::size_t graphql_text_max = 512'000;
  std::size_t blob_bytes_max = 100 * 1024 * 1024, contents_bytes_max = 1024 * 1024;
  std::size_t pull_files_max = 3'000;
  std::int64_t installation_token_seconds = 3'600, user_token_seconds = 28'800;
  bool etag_of_token = true; ///< GitHub's ETags of JSON are of the token too; those of application/vnd.github.sha are not
};

/// What was asked for since the last reset.
struct standin_counts {
  struct endpoint {
    std::uint64_t requests = 0, not_modified = 0, errors = 0; ///< errors: 4xx and 5xx, faults among them
  };
  std::map<std::string, endpoint> endpoints;  ///< by method and route: `GET /repos/…/git/blobs/{sha}`
  std::map<std::string, std::uint64_t> blobs; ///< how often each was sent whole, by its id: raw, JSON, GraphQL, contents
  std::uint64_t requests = 0;                 ///< of the API, all of them
  std::uint64_t metered = 0;                  ///< of them: drew on a primary limit
  std::uint64_t not_modified = 0;
  std::uint64_t tarballs = 0, git_requests = 0;
  std::uint64_t faults = 0;                         ///< injected
  std::uint64_t over_primary = 0;                   ///< refused: the budget was used up
  std::uint64_t over_secondary = 0;                 ///< refused: too many at once, or in a minute
  std::uint64_t tokens_leaked = 0;                  ///< a token that came to codeload, or to where LFS objects are
  std::uint64_t lfs_questions = 0, lfs_objects = 0; ///< batches asked for, objects sent
  std::uint64_t without_user_agent = 0, bad_credentials = 0;
  std::uint64_t installation_tokens = 0, refreshes = 0;
  std::size_t at_once_max = 0;
  std::uint64_t bytes = 0; ///< sent by both servers, since the start
};

/// A server of ours that behaves as GitHub does: its REST and GraphQL API over real git repositories, with ETags, limits,
/// truncation, pages, redirects and faults on demand; and what is github.com and codeload: archives, git over smart HTTP, OAuth.
/// Thread-safe. Steered in process by these calls, from elsewhere by `/_standin/…` (control.cpp).
class github_standin {
public:
  explicit github_standin(standin_options options = {});
  ~github_standin();

  std::string api_url() const { return api_->url(); }
  std::string web_url() const { return web_->url(); }
  std::uint16_t api_port() const { return api_->port(); }

  std::int64_t add(hosted_repository x);
  /// Changes one while nobody reads it.
  void change(std::int64_t id, const std::function<void(hosted_repository&)>& how);
  /// Its former name redirects to its id from now on.
  void rename(std::int64_t id, const std::string& owner, const std::string& name);
  hosted_repository repository(std::int64_t id) const;

  /// An object of Git LFS that the repository has. @returns its id
  std::string add_lfs_object(std::int64_t repository_id, const std::string& content);

  void add_token(const std::string& token, hosted_token of);
  void revoke_token(const std::string& token);
  /// A user token that may be refreshed by `refresh_token`, once.
  void add_refresh_token(const std::string& refresh_token, hosted_token of);
  /// A code that POST /login/oauth/access_token turns into a user token, once.
  void add_oauth_code(const std::string& code, hosted_token of);
  void set_app(hosted_app x);
  void add(hosted_installation x);
  void change_installation(std::int64_t id, const std::function<void(hosted_installation&)>& how);

  std::int64_t add(hosted_delivery x);
  /// Asked for by POST …/attempts: gets the delivery that is tried again and says with what status. Without it: 200.
  std::function<int(const hosted_delivery&)> on_redelivery;
  /// Deliveries that were asked for again, in order.
  std::vector<std::int64_t> redelivered() const;

  void set_limits(const standin_limits& x);
  void set_budget(const budget_rules& x);
  /// Of one budget: `installation/7`, `user/3`, `anonymous`.
  void set_used(const std::string& budget, const std::string& resource, std::int64_t used);
  void set_faults(fault_script x);

  standin_counts counts() const;
  void reset_counts();

private:
  friend class standin_request;
  friend class standin_web;
  friend class standin_control;
  struct state;
  std::unique_ptr<state> state_;
  std::unique_ptr<web_server> web_, api_;
};

} // namespace ingot::testing
