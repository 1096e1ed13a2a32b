#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::testing {

/// A change of one file in a commit.
struct file_edit {
  std::string path;
  std::string mode = "100644"; ///< 100755, 120000 (content: the target), 160000 (content: a commit's id), empty: removed
  std::string content = {};
  std::optional<std::string> from = {}; ///< renamed from there; content and mode are kept

  static file_edit removed(std::string path) { return {std::move(path), "", {}, {}}; }
};

/// A file of a commit, as `git ls-tree -r -l` has it.
struct git_file {
  std::string mode, id;
  std::uint64_t size = 0; ///< 0 of a submodule

  friend bool operator==(const git_file&, const git_file&) = default;
};

/// A bare git repository that tests make and change by the git program (fast-import). Throws std::runtime_error.
class bare_repository {
public:
  /// Makes it, or takes the one that is there.
  explicit bare_repository(std::filesystem::path path, const std::string& branch = "main");

  std::string path() const { return path_.string(); }

  /// @param parent nothing: the branch's head; empty: none; else a commit, so that history is rewritten
  /// @returns the new commit's id
  std::string commit(const std::vector<file_edit>& edits, const std::string& branch = "main",
                     std::optional<std::string> parent = {});

  /// Points a branch at a commit; empty: deletes it.
  void set_branch(const std::string& branch, const std::string& commit);

  std::optional<std::string> head(const std::string& branch = "main") const;

  /// By path.
  std::map<std::string, git_file> files(const std::string& commit) const;
  std::string content(const std::string& id) const;
  /// Of all of these blobs, by id, in one process.
  std::map<std::string, std::string> contents(const std::vector<std::string>& ids) const;

  /// Runs git in it. @returns what it wrote
  std::string git(std::vector<std::string> arguments, const std::string& input = {}) const;

private:
  std::filesystem::path path_;
  std::int64_t time_ = 1'700'000'000; ///< of the next commit, in seconds since 1970
};

} // namespace ingot::testing
