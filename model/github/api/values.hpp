#pragma once

#include "model/contents/provider.hpp"
#include "model/contents/tree_entry.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What GitHub's REST and GraphQL answers say, as far as we use it.
namespace ingot::github::api {

/// GET /repos/{owner}/{repo}, GET /repositories/{id}.
struct repository {
  std::int64_t id = 0;
  std::string owner, name, default_branch, html_url;
  bool is_private = false, archived = false, disabled = false, fork = false;
  std::int64_t size_kib = 0;
};

/// GET /repos/{owner}/{repo}/commits/{ref}, GET /repos/{owner}/{repo}/branches/{branch}.
struct commit {
  contents::object_id id, tree;
  std::optional<timestamp> committed_at;
};

/// One entry of GET /repos/{owner}/{repo}/git/trees/{sha}.
struct tree_item {
  contents::tree_entry entry; ///< path relative to the tree that was asked for
  bool is_tree = false;       ///< a directory: entry.mode and size mean nothing
};

struct tree {
  contents::object_id id;
  std::vector<tree_item> items;
  bool truncated = false; ///< 100,000 entries or 7 MB: the rest must be asked for subtree by subtree
};

/// One file of a comparison, or of a pull request.
struct changed_file {
  std::string path, status; ///< added, removed, modified, renamed, copied, changed, unchanged
  std::optional<std::string> previous_path;
  std::optional<contents::object_id> id; ///< none for some removed ones
  std::int64_t additions = 0, deletions = 0, changes = 0;
  std::optional<std::string> patch; ///< of a pull request; none of binary and of large files
};

/// GET /repos/{owner}/{repo}/compare/{base}...{head}.
struct comparison {
  std::string status; ///< ahead, behind, diverged, identical
  std::int64_t total_commits = 0;
  std::vector<changed_file> files; ///< 300 at most
  contents::object_id head_tree;   ///< of the last commit that is listed; zeros: none is
  contents::object_id head_commit;
  bool complete = false; ///< fewer than 300 files, and all commits on this page
};

/// GET /repos/{owner}/{repo}/contents/{path}.
struct content_item {
  std::string path, type; ///< file, dir, symlink, submodule
  contents::object_id id;
  std::uint64_t size = 0;
  std::optional<std::string> text; ///< of a file up to 1 MB, decoded
  std::vector<content_item> items; ///< of a directory, 1,000 at most
};

/// One resource of GET /rate_limit.
struct rate {
  std::string resource;
  std::int64_t limit = 0, remaining = 0, used = 0;
  timestamp reset{};
};

/// GET /app/hook/deliveries, GET /repos/{owner}/{repo}/hooks/{hook}/deliveries.
struct hook_delivery {
  std::int64_t id = 0;
  std::string guid; ///< X-GitHub-Delivery; the same over redeliveries
  timestamp delivered_at{};
  bool redelivery = false;
  std::string status; ///< `OK`, or what went wrong
  int status_code = 0;
  std::string event, action;
};

/// A page of a list that goes on with a cursor or a page number.
template <class Item>
struct page {
  std::vector<Item> items;
  std::string next; ///< the URL of the next page as GitHub's Link header gave it; empty: this is the last
};

/// GET /app/installations, GET /app/installations/{id}.
struct installation {
  std::int64_t id = 0, account_id = 0;
  std::string account, account_type, repository_selection, html_url;
  bool suspended = false;
};

/// GET /app: who we are.
struct app {
  std::int64_t id = 0;
  std::string slug, name, html_url;
};

/// GET /user: whose token it is.
struct user {
  std::int64_t id = 0;
  std::string login;
};

/// A blob of a GraphQL batch.
struct blob_text {
  contents::object_id id;
  std::optional<std::string> text; ///< absent for a binary one, one that was cut (512,000 bytes), and one that is not there
  bool is_binary = false, is_truncated = false, found = false;
  std::uint64_t size = 0;
};

/// Whose head is asked for.
struct repository_name {
  std::string owner, name;
  std::string branch; ///< beside the default one; empty: none
};

/// A repository and where its branches are, as GraphQL tells it.
struct repository_head {
  repository of;
  contents::object_id default_head, branch_head; ///< zeros: there is none
};

/// An answer to a conditional request. `value` is absent when nothing has changed (304).
template <class Value>
struct conditional {
  std::optional<Value> value;
  std::string etag; ///< to be given at the next time
};

} // namespace ingot::github::api
