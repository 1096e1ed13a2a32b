#pragma once

#include "model/contents/object_id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::contents {

/// The modes that git gives files (git-fast-import(1)).
enum class file_mode : std::uint32_t {
  regular = 0100644,
  executable = 0100755,
  symbolic_link = 0120000, ///< its content is the target's path
  submodule = 0160000,     ///< its id is a commit of another repository: it has no content here
};

/// From git's octal text, `100644`; 100664 and other permissions of old repositories are regular or executable ones. Nothing for
/// a directory's or for none.
std::optional<file_mode> mode_of(std::string_view octal) noexcept;

/// `100644`.
std::string_view to_string(file_mode x) noexcept;

/// One file of a revision. The path is relative, with `/`, as git has it: any bytes but NUL.
struct tree_entry {
  std::string path;
  file_mode mode = file_mode::regular;
  object_id id;
  std::uint64_t size = 0; ///< bytes; 0 for a submodule

  friend bool operator==(const tree_entry&, const tree_entry&) = default;
};

} // namespace ingot::contents
