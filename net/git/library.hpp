#pragma once

#include <git2.h>
#include <stdexcept>
#include <string>

namespace ingot::git {

/// libgit2 refused. The text is libgit2's own: it may name paths of this machine and the remote's URL, so it is not for users.
class library_error : public std::runtime_error {
public:
  library_error(int code, const std::string& what) : std::runtime_error{what}, code_{code} {}
  int code() const noexcept { return code_; } ///< GIT_ENOTFOUND, …

private:
  int code_;
};

/// Prepares libgit2 for this process, once: bounded caches, and no check of who owns a repository, since nothing of its
/// configuration is ever run.
void prepare_library();

/// Throws library_error for a negative result, with `what` was tried.
void check(int result, const char* what);

/// An object of libgit2's that is freed at the end.
template <class Object, void (*free_it)(Object*)>
class owned {
public:
  owned() = default;
  owned(owned&& other) noexcept : it_{other.it_} { other.it_ = nullptr; }
  owned& operator=(owned&& other) noexcept {
    std::swap(it_, other.it_);
    return *this;
  }
  ~owned() { free_it(it_); }

  Object** out() noexcept {
    free_it(it_);
    it_ = nullptr;
    return &it_;
  }
  Object* get() const noexcept { return it_; }
  explicit operator bool() const noexcept { return it_ != nullptr; }

private:
  Object* it_ = nullptr;
};

using repository = owned<git_repository, git_repository_free>;
using reference = owned<git_reference, git_reference_free>;
using object = owned<git_object, git_object_free>;
using commit = owned<git_commit, git_commit_free>;
using tree = owned<git_tree, git_tree_free>;
using odb = owned<git_odb, git_odb_free>;
using odb_object = owned<git_odb_object, git_odb_object_free>;
using odb_stream = owned<git_odb_stream, git_odb_stream_free>;
using remote_handle = owned<git_remote, git_remote_free>;

} // namespace ingot::git
