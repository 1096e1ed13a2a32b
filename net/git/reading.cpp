#include "net/git/reading.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ingot::git {

namespace {

using contents::provider_error;
using contents::trouble;

constexpr auto depth_max = 200u;               ///< folders within folders
constexpr std::size_t piece_bytes = 64 * 1024; ///< that are handed on at a time

contents::file_mode mode_of(git_filemode_t x) {
  switch (x) {
  case GIT_FILEMODE_BLOB_EXECUTABLE:
    return contents::file_mode::executable;
  case GIT_FILEMODE_LINK:
    return contents::file_mode::symbolic_link;
  case GIT_FILEMODE_COMMIT:
    return contents::file_mode::submodule;
  default:
    return contents::file_mode::regular;
  }
}

} // namespace

git_oid to_oid(const contents::object_id& x) {
  git_oid out;
  git_oid_fromraw(&out, x.bytes().data());
  return out;
}

contents::object_id to_id(const git_oid& x) {
  contents::object_id::bytes_type bytes;
  std::memcpy(bytes.data(), x.id, bytes.size());
  return contents::object_id{bytes};
}

reading::reading(const std::string& path) {
  prepare_library();
  check(git_repository_open_ext(repository_.out(), path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr), "opening a repository");
  check(git_repository_odb(odb_.out(), repository_.get()), "opening its objects");
}

std::optional<contents::object_id> reading::head_of(const std::string& reference_name) const {
  reference found;
  const auto result = git_reference_lookup(found.out(), repository_.get(), reference_name.c_str());
  if (result == GIT_ENOTFOUND)
    return std::nullopt;
  check(result, "looking up a reference");
  object peeled;
  check(git_reference_peel(peeled.out(), found.get(), GIT_OBJECT_COMMIT), "looking up a commit");
  return to_id(*git_object_id(peeled.get()));
}

std::optional<std::string> reading::default_branch() const {
  reference head;
  check(git_reference_lookup(head.out(), repository_.get(), "HEAD"), "looking up HEAD");
  constexpr std::string_view branches = "refs/heads/";
  const auto* target = git_reference_symbolic_target(head.get());
  if (target == nullptr || !std::string_view{target}.starts_with(branches))
    return std::nullopt;
  return target + branches.size();
}

bool reading::has_branches() const {
  git_branch_iterator* each = nullptr;
  check(git_branch_iterator_new(&each, repository_.get(), GIT_BRANCH_LOCAL), "listing branches");
  reference found;
  auto kind = git_branch_t{};
  const auto result = git_branch_next(found.out(), &kind, each);
  git_branch_iterator_free(each);
  return result != GIT_ITEROVER;
}

std::optional<contents::object_id> reading::tree_of(const contents::object_id& id) const {
  const auto oid = to_oid(id);
  commit found;
  const auto result = git_commit_lookup(found.out(), repository_.get(), &oid);
  if (result == GIT_ENOTFOUND)
    return std::nullopt;
  check(result, "reading a commit");
  return to_id(*git_commit_tree_id(found.get()));
}

void reading::list(const contents::object_id& tree_id, const contents::remote::entry_sink& into) const {
  list(to_oid(tree_id), {}, 0, into);
}

void reading::list(const git_oid& tree_id, const std::string& folder, unsigned depth,
                   const contents::remote::entry_sink& into) const {
  if (depth > depth_max)
    throw provider_error{trouble::permanent, "folders are nested more than " + std::to_string(depth_max) + " deep"};
  tree found;
  check(git_tree_lookup(found.out(), repository_.get(), &tree_id), "reading a tree");
  for (auto i = std::size_t{0}; i < git_tree_entrycount(found.get()); ++i) {
    const auto* entry = git_tree_entry_byindex(found.get(), i);
    const auto& id = *git_tree_entry_id(entry);
    auto path = folder + git_tree_entry_name(entry);
    const auto mode = git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_TREE) {
      list(id, path + '/', depth + 1, into);
      continue;
    }
    auto out = contents::tree_entry{std::move(path), mode_of(mode), to_id(id), 0};
    auto size = std::size_t{0};
    auto kind = git_object_t{};
    if (out.mode != contents::file_mode::submodule) {
      check(git_odb_read_header(&size, &kind, odb_.get(), &id), "reading a content's size");
      out.size = size;
    }
    into(std::move(out));
  }
}

std::optional<std::string> reading::give(const contents::wanted_blob& x, contents::blob_sink& into) const {
  const auto oid = to_oid(x.id);
  try {
    if (!give_streaming(oid, x, into) && !give_whole(oid, x, into))
      return "the repository lacks it";
  } catch (...) {
    into.abandon();
    throw;
  }
  return into.end() ? std::nullopt : std::optional<std::string>{"the repository has other bytes under its id"};
}

bool reading::give_whole(const git_oid& id, const contents::wanted_blob& x, contents::blob_sink& into) const {
  odb_object found;
  const auto result = git_odb_read(found.out(), odb_.get(), &id);
  if (result == GIT_ENOTFOUND)
    return false;
  check(result, "reading a content");
  auto rest = std::string_view{static_cast<const char*>(git_odb_object_data(found.get())), git_odb_object_size(found.get())};
  into.begin(x, rest.size());
  for (; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_bytes)))
    into.write(rest.substr(0, piece_bytes));
  return true;
}

/// Objects that are not in a pack can be read piece by piece.
bool reading::give_streaming(const git_oid& id, const contents::wanted_blob& x, contents::blob_sink& into) const {
  odb_stream from;
  auto size = std::size_t{0};
  auto kind = git_object_t{};
  if (x.size < piece_bytes || git_odb_open_rstream(from.out(), &size, &kind, odb_.get(), &id) < 0)
    return false;
  into.begin(x, size);
  auto piece = std::array<char, piece_bytes>{};
  for (auto left = size; left > 0;) {
    const auto got = git_odb_stream_read(from.get(), piece.data(), std::min(piece.size(), left));
    check(got, "reading a content");
    if (got == 0)
      throw provider_error{trouble::transient, "a content ends before its end"};
    into.write({piece.data(), static_cast<std::size_t>(got)});
    left -= static_cast<std::size_t>(got);
  }
  return true;
}

} // namespace ingot::git
