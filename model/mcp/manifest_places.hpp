#pragma once

#include "model/contents/glob.hpp"
#include "model/contents/object_id.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::mcp {

/// Where in a repository manifests may lie: paths, and patterns as in .gitignore (what has one of `*?[`), such as
/// `servers/*/server.json`. The README of a manifest is that of its folder, else that of the root.
class manifest_places {
public:
  /// Manifests of one repository that are looked at.
  static constexpr std::size_t manifests_max = 100;

  /// Patterns that are none are left out.
  explicit manifest_places(std::span<const std::string> places);

  bool takes(std::string_view path) const;
  const std::vector<std::string>& paths() const noexcept { return paths_; } ///< those that are no patterns
  bool has_patterns() const noexcept { return !patterns_.empty(); }

private:
  std::vector<std::string> paths_;
  contents::glob_list patterns_;
};

/// `README.md` and the like, in whatever case.
bool is_readme(std::string_view path);

/// `a/b` of `a/b/c`; empty at the root.
std::string_view folder_of(std::string_view path) noexcept;

/// The README that tells of the manifest at `path`, among those of `readmes`; empty: none.
std::string_view readme_of(std::string_view path, std::span<const std::string> readmes);

/// What a listing of a repository holds of manifests and READMEs. Its digest is another one when one of them changed.
class manifest_listing {
public:
  explicit manifest_listing(manifest_places places) : places_(std::move(places)) {}

  void add(std::string_view path, const contents::object_id& id);

  /// 0: no manifest is there. Fits bigint.
  std::int64_t digest() const;

private:
  static constexpr std::size_t readmes_max = 1'000;

  manifest_places places_;
  std::map<std::string, contents::object_id, std::less<>> manifests_, readmes_;
};

} // namespace ingot::mcp
