#include "tests/support/github_standin/git_reading.hpp"

#include "model/time.hpp"

#include <algorithm>
#include <git2.h>
#include <stdexcept>

namespace ingot::testing {

namespace {

/// A libgit2 object that is freed at the end.
template <class Object, void (*free_it)(Object*)>
struct owned {
  Object* it = nullptr;
  owned() = default;
  owned(const owned&) = delete;
  owned& operator=(const owned&) = delete;
  ~owned() { free_it(it); }
  Object** out() { return &it; }
  operator Object*() const { return it; }
};
using owned_commit = owned<git_commit, git_commit_free>;
using owned_tree = owned<git_tree, git_tree_free>;
using owned_object = owned<git_object, git_object_free>;
using owned_diff = owned<git_diff, git_diff_free>;
using owned_walk = owned<git_revwalk, git_revwalk_free>;

void check(int result, const char* what) {
  if (result >= 0)
    return;
  const auto* error = git_error_last();
  throw std::runtime_error{std::string{what} + ": " + (error != nullptr ? error->message : "no reason")};
}

std::string text_of(const git_oid& x) {
  auto out = std::string(GIT_OID_HEXSZ, '\0');
  git_oid_fmt(out.data(), &x);
  return out;
}

git_oid oid_of(const std::string& hex) {
  git_oid out;
  check(git_oid_fromstr(&out, hex.c_str()), "an id");
  return out;
}

std::string date_of(const git_time& x) {
  return to_rfc3339(timestamp{std::chrono::seconds{std::max<git_time_t>(x.time, 0)}});
}

commit_facts::person person_of(const git_signature* x) {
  return {x->name, x->email, date_of(x->when)};
}

std::string octal(git_filemode_t mode) {
  auto text = std::string{};
  for (auto rest = static_cast<unsigned>(mode); rest != 0; rest /= 8)
    text.insert(text.begin(), static_cast<char>('0' + rest % 8));
  return std::string(6 - std::min<std::size_t>(text.size(), 6), '0') + text;
}

const char* status_of(git_delta_t x) {
  switch (x) {
  case GIT_DELTA_ADDED:
    return "added";
  case GIT_DELTA_DELETED:
    return "removed";
  case GIT_DELTA_RENAMED:
    return "renamed";
  case GIT_DELTA_COPIED:
    return "copied";
  case GIT_DELTA_TYPECHANGE:
    return "changed";
  default:
    return "modified";
  }
}

} // namespace

struct git_reading::impl {
  owned<git_repository, git_repository_free> repository;
  owned<git_odb, git_odb_free> odb;

  void load(const std::string& id, owned_commit& into) const {
    const auto oid = oid_of(id);
    check(git_commit_lookup(into.out(), repository, &oid), "a commit");
  }
  void load_tree(const std::string& commit, owned_tree& into) const {
    owned_commit of;
    load(commit, of);
    check(git_commit_tree(into.out(), of), "a tree");
  }

  tree_line line_of(const git_tree_entry* x, const std::string& folder) const {
    const auto kind = git_tree_entry_type(x);
    auto out = tree_line{folder + git_tree_entry_name(x), octal(git_tree_entry_filemode(x)), git_object_type2string(kind),
                         text_of(*git_tree_entry_id(x))};
    if (kind == GIT_OBJECT_BLOB)
      out.size = size_of(*git_tree_entry_id(x));
    return out;
  }

  std::uint64_t size_of(const git_oid& id) const {
    auto size = std::size_t{0};
    auto kind = git_object_t{};
    check(git_odb_read_header(&size, &kind, odb, &id), "a blob");
    return size;
  }

  std::vector<file_change> changes(git_tree* before, git_tree* after, std::size_t files_max) const {
    owned_diff diff;
    auto options = git_diff_options{};
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_INCLUDE_TYPECHANGE;
    check(git_diff_tree_to_tree(diff.out(), repository, before, after, &options), "a comparison");
    auto find = git_diff_find_options{};
    git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
    find.flags = GIT_DIFF_FIND_RENAMES;
    check(git_diff_find_similar(diff, &find), "finding renames");
    std::vector<file_change> out;
    for (auto i = std::size_t{0}; i < std::min(git_diff_num_deltas(diff), files_max); ++i)
      out.push_back(change_of(diff, i));
    return out;
  }

  static file_change change_of(git_diff* diff, std::size_t i) {
    const auto* delta = git_diff_get_delta(diff, i);
    auto out = file_change{};
    out.status = status_of(delta->status);
    const auto& named = delta->status == GIT_DELTA_DELETED ? delta->old_file : delta->new_file;
    out.path = named.path;
    out.id = text_of(named.id);
    if (delta->status == GIT_DELTA_RENAMED || delta->status == GIT_DELTA_COPIED)
      out.previous_path = delta->old_file.path;
    owned<git_patch, git_patch_free> patch;
    if (git_patch_from_diff(patch.out(), diff, i) == 0 && patch.it != nullptr) {
      auto added = std::size_t{0}, deleted = std::size_t{0};
      git_patch_line_stats(nullptr, &added, &deleted, patch);
      out.additions = static_cast<std::int64_t>(added);
      out.deletions = static_cast<std::int64_t>(deleted);
    }
    return out;
  }
};

git_reading::git_reading(const std::string& path) : impl_{std::make_unique<impl>()} {
  static const auto ready = [] {
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    return true;
  }();
  static_cast<void>(ready);
  check(git_repository_open(impl_->repository.out(), path.c_str()), "a repository");
  check(git_repository_odb(impl_->odb.out(), impl_->repository), "its objects");
}

git_reading::~git_reading() = default;

bool git_reading::empty() const {
  git_branch_iterator* each = nullptr;
  check(git_branch_iterator_new(&each, impl_->repository, GIT_BRANCH_LOCAL), "its branches");
  git_reference* found = nullptr;
  auto kind = git_branch_t{};
  const auto none = git_branch_next(&found, &kind, each) == GIT_ITEROVER;
  git_reference_free(found);
  git_branch_iterator_free(each);
  return none;
}

std::optional<std::string> git_reading::commit_of(std::string_view ref) const {
  for (const auto* prefix : {"refs/heads/", "refs/tags/", "refs/", ""}) {
    const auto name = prefix + std::string{ref};
    owned_object found, peeled;
    const auto usable = *prefix != '\0' || name == "HEAD" || name.starts_with("refs/") ||
                        (name.size() >= 7 && name.find_first_not_of("0123456789abcdef") == std::string::npos);
    if (usable && git_revparse_single(found.out(), impl_->repository, name.c_str()) == 0 &&
        git_object_peel(peeled.out(), found, GIT_OBJECT_COMMIT) == 0)
      return text_of(*git_object_id(peeled));
  }
  return std::nullopt;
}

std::optional<std::string> git_reading::tree_of(std::string_view name) const {
  owned_object found, peeled;
  const auto text = std::string{name};
  if (git_revparse_single(found.out(), impl_->repository, text.c_str()) != 0 ||
      git_object_peel(peeled.out(), found, GIT_OBJECT_TREE) != 0)
    return std::nullopt;
  return text_of(*git_object_id(peeled));
}

commit_facts git_reading::commit(const std::string& id) const {
  owned_commit x;
  impl_->load(id, x);
  auto out = commit_facts{id, text_of(*git_commit_tree_id(x)), git_commit_message(x), person_of(git_commit_author(x)),
                          person_of(git_commit_committer(x))};
  out.committed_at = git_commit_time(x);
  for (auto i = 0u; i < git_commit_parentcount(x); ++i)
    out.parents.push_back(text_of(*git_commit_parent_id(x, i)));
  return out;
}

bool git_reading::tree(const std::string& id, bool recursive, std::size_t count_max, std::vector<tree_line>& into) const {
  const auto walk = [&](const auto& self, const git_oid& of, const std::string& folder) -> bool {
    owned_tree tree;
    check(git_tree_lookup(tree.out(), impl_->repository, &of), "a tree");
    for (auto i = std::size_t{0}; i < git_tree_entrycount(tree); ++i) {
      const auto* entry = git_tree_entry_byindex(tree, i);
      if (into.size() >= count_max)
        return false;
      into.push_back(impl_->line_of(entry, folder));
      if (recursive && git_tree_entry_type(entry) == GIT_OBJECT_TREE &&
          !self(self, *git_tree_entry_id(entry), folder + git_tree_entry_name(entry) + '/'))
        return false;
    }
    return true;
  };
  return walk(walk, oid_of(id), "");
}

std::optional<tree_line> git_reading::at(const std::string& commit, const std::string& path) const {
  owned_tree root;
  impl_->load_tree(commit, root);
  if (path.empty())
    return tree_line{"", "040000", "tree", text_of(*git_tree_id(root))};
  owned<git_tree_entry, git_tree_entry_free> entry;
  if (git_tree_entry_bypath(entry.out(), root, path.c_str()) != 0)
    return std::nullopt;
  const auto slash = path.rfind('/');
  return impl_->line_of(entry, slash == std::string::npos ? "" : path.substr(0, slash + 1));
}

std::optional<std::uint64_t> git_reading::blob_size(const std::string& id) const {
  const auto oid = oid_of(id);
  auto size = std::size_t{0};
  auto kind = git_object_t{};
  if (git_odb_read_header(&size, &kind, impl_->odb, &oid) != 0 || kind != GIT_OBJECT_BLOB)
    return std::nullopt;
  return size;
}

std::string git_reading::blob(const std::string& id) const {
  const auto oid = oid_of(id);
  owned<git_odb_object, git_odb_object_free> object;
  check(git_odb_read(object.out(), impl_->odb, &oid), "a blob");
  return {static_cast<const char*>(git_odb_object_data(object)), git_odb_object_size(object)};
}

std::optional<comparison_facts> git_reading::compare(const std::string& base, const std::string& head,
                                                     std::size_t files_max) const {
  const auto from = oid_of(base), to = oid_of(head);
  git_oid common;
  if (git_merge_base(&common, impl_->repository, &from, &to) != 0)
    return std::nullopt;
  comparison_facts out;
  out.base = commit(base);
  out.merge_base = commit(text_of(common));
  owned_walk walk;
  check(git_revwalk_new(walk.out(), impl_->repository), "a walk");
  git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
  check(git_revwalk_push(walk, &to), "a walk");
  check(git_revwalk_hide(walk, &from), "a walk");
  for (git_oid each; git_revwalk_next(&each, walk) == 0;)
    out.commits.push_back(commit(text_of(each)));
  check(git_graph_ahead_behind(&out.ahead, &out.behind, impl_->repository, &to, &from), "a comparison");
  owned_tree before, after;
  impl_->load_tree(out.merge_base.id, before);
  impl_->load_tree(head, after);
  out.files = impl_->changes(before, after, files_max);
  return out;
}

std::vector<file_change> git_reading::changes_of(const std::string& commit_id, std::size_t files_max) const {
  const auto facts = commit(commit_id);
  owned_tree before, after;
  if (!facts.parents.empty())
    impl_->load_tree(facts.parents.front(), before);
  impl_->load_tree(commit_id, after);
  return impl_->changes(before, after, files_max);
}

} // namespace ingot::testing
