#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::contents {

/// Patterns as in a .gitignore file (gitignore(5)): `*` and `?` stay within a segment, `**/` stands for any folders, a slash
/// before the end ties a pattern to the root, a slash at the end makes it match folders only, `!` takes back, the last match
/// counts. All that lies below a folder that matches, matches too. Time is linear in the path, whatever the pattern.
class glob_list {
public:
  static constexpr std::size_t patterns_max = 100;
  static constexpr std::size_t pattern_bytes_max = 1'024;

  /// @pre judge() finds nothing wrong with any of them
  explicit glob_list(std::span<const std::string> patterns);
  glob_list(glob_list&&) noexcept;
  glob_list& operator=(glob_list&&) noexcept;
  ~glob_list();

  /// @param path of a file, relative, with `/`
  bool matches(std::string_view path) const;
  bool empty() const noexcept;

  /// What is wrong with a pattern, as a sentence; nothing when it is good.
  static std::optional<std::string> judge(std::string_view pattern);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Which files of a repository are wanted: those that an include pattern matches (all, when there is none) and no exclude
/// pattern.
class path_filter {
public:
  path_filter(std::span<const std::string> include, std::span<const std::string> exclude)
      : include_{include}, exclude_{exclude} {}

  bool takes(std::string_view path) const { return (include_.empty() || include_.matches(path)) && !exclude_.matches(path); }

private:
  glob_list include_, exclude_;
};

} // namespace ingot::contents
