#pragma once

#include "model/contents/provider.hpp"
#include "net/git/library.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ingot::git {

/// The id in libgit2's form, and back.
git_oid to_oid(const contents::object_id& x);
contents::object_id to_id(const git_oid& x);

/// Reads one repository of this machine. Throws library_error and contents::provider_error.
class reading {
public:
  /// Of a folder, bare or with a work tree; no parent folder is looked at.
  explicit reading(const std::string& path);

  git_repository* handle() const noexcept { return repository_.get(); }

  /// The commit that a reference is at; nothing when there is no such reference.
  std::optional<contents::object_id> head_of(const std::string& reference_name) const;

  /// The name of the branch that HEAD names, whether it is there or not.
  std::optional<std::string> default_branch() const;
  bool has_branches() const;

  /// Nothing when the commit is not here.
  std::optional<contents::object_id> tree_of(const contents::object_id& commit) const;

  /// Every file of a tree, in git's order.
  void list(const contents::object_id& tree, const contents::remote::entry_sink& into) const;

  /// Gives `into` the blob. @returns why not, when it is not here
  std::optional<std::string> give(const contents::wanted_blob& x, contents::blob_sink& into) const;

private:
  void list(const git_oid& tree_id, const std::string& folder, unsigned depth, const contents::remote::entry_sink& into) const;
  bool give_whole(const git_oid& id, const contents::wanted_blob& x, contents::blob_sink& into) const;
  bool give_streaming(const git_oid& id, const contents::wanted_blob& x, contents::blob_sink& into) const;

  repository repository_;
  odb odb_;
};

} // namespace ingot::git
