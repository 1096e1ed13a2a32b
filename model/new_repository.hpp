#pragma once

#include "model/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::contents {

/// What of a repository is wanted: patterns as in .gitignore, and limits.
struct repository_filter {
  std::vector<std::string> include, exclude;
  std::optional<std::int64_t> file_bytes_max; ///< absent: the setting
  bool skip_binary = false;
  bool fetch_lfs = false;
  bool manifests = true;                   ///< is it looked through for manifests of MCP servers?
  std::vector<std::string> manifest_paths; ///< where: paths, and patterns as in .gitignore; none: the setting

  friend bool operator==(const repository_filter&, const repository_filter&) = default;
};

/// A repository that a user wants to be followed.
struct new_repository {
  std::string provider;    ///< `github`, `git`
  std::string owner, name; ///< of github; of git the name is the last part of its URL
  std::string url;         ///< of git
  std::string branch;      ///< empty: the default branch
  repository_filter filter;
  std::int64_t credential_id = 0; ///< 0: none was named
};

/// What is to be different of one that is followed; what is absent stays.
struct repository_change {
  std::optional<std::string> branch; ///< empty: the default branch
  std::optional<std::vector<std::string>> include, exclude;
  std::optional<std::optional<std::int64_t>> file_bytes_max;
  std::optional<bool> skip_binary, fetch_lfs, manifests;
  std::optional<std::vector<std::string>> manifest_paths;
  std::optional<std::int64_t> credential_id; ///< 0: none
};

/// What may be asked for, besides what a body can tell by itself.
struct repository_rules {
  std::int64_t file_bytes_max = 0; ///< the setting: nobody may ask for more
  bool local_paths = false;        ///< may a git remote be a path of this machine?
};

/// Reads the body of POST /api/v1/repositories. @returns every fault with its JSON pointer (invalid_fields), or what keeps it
/// from being JSON. Members that it does not know are faults, since they would do nothing.
std::variant<new_repository, failure> parse_new_repository(std::string_view body, const repository_rules& rules);

/// Reads the body of PATCH /api/v1/repositories/{id}; null takes back what was set.
std::variant<repository_change, failure> parse_repository_change(std::string_view body, const repository_rules& rules);

/// Reads `{"full": true}`, what is synced by hand; an empty body is an empty object. @returns whether all files are listed anew
std::variant<bool, failure> parse_sync_request(std::string_view body);

/// What is wrong with a git remote's URL, as a sentence; nothing when it is good: https or http without user name and password,
/// or, where they are allowed, an absolute path.
std::optional<std::string> judge_git_url(std::string_view url, bool local_paths);

/// What is wrong with a branch's name (git-check-ref-format(1)); nothing when it is good.
std::optional<std::string> judge_branch(std::string_view name);

} // namespace ingot::contents
