#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// What GitHub's answers say of a commit.
struct commit_facts {
  struct person {
    std::string name, email, date; ///< RFC 3339
  };
  std::string id, tree, message;
  person author, committer;
  std::int64_t committed_at = 0; ///< seconds since 1970
  std::vector<std::string> parents = {};
};

struct tree_line {
  std::string path, mode, type, id; ///< type: blob, tree, commit
  std::uint64_t size = 0;           ///< of a blob
};

struct file_change {
  std::string path, previous_path, status, id;
  std::int64_t additions = 0, deletions = 0;
};

struct comparison_facts {
  commit_facts base, merge_base;
  std::vector<commit_facts> commits; ///< of head and not of base, oldest first
  std::size_t ahead = 0, behind = 0;
  std::vector<file_change> files; ///< from the merge base to head
};

/// Reads one repository with libgit2, opened anew for each request: it may change beside us. Throws std::runtime_error.
class git_reading {
public:
  explicit git_reading(const std::string& path);
  ~git_reading();
  git_reading(const git_reading&) = delete;
  git_reading& operator=(const git_reading&) = delete;

  /// Has it no commit on any branch?
  bool empty() const;

  /// A branch, tag or commit. Nothing when there is none.
  std::optional<std::string> commit_of(std::string_view ref) const;
  /// A tree, or that of a commit, branch or tag.
  std::optional<std::string> tree_of(std::string_view name) const;

  commit_facts commit(const std::string& id) const;
  /// @param count_max no more are gathered. @returns whether that were all
  bool tree(const std::string& id, bool recursive, std::size_t count_max, std::vector<tree_line>& into) const;
  /// What is at `path` in `commit`. Nothing when nothing is; for the root a line of type tree.
  std::optional<tree_line> at(const std::string& commit, const std::string& path) const;

  std::optional<std::uint64_t> blob_size(const std::string& id) const;
  std::string blob(const std::string& id) const;

  /// Nothing when they have no common ancestor.
  std::optional<comparison_facts> compare(const std::string& base, const std::string& head, std::size_t files_max) const;
  std::vector<file_change> changes_of(const std::string& commit, std::size_t files_max) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::testing
