#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingot::contents {

/// What a Git LFS pointer names (github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
struct lfs_pointer {
  std::string oid; ///< SHA-256, 64 digits
  std::uint64_t size = 0;
};

/// What a file's content is.
struct content_kind {
  std::string mime_type;               ///< `text/x-python`, `application/octet-stream`
  std::optional<std::string> language; ///< `Python`; of text whose name tells it
  bool is_binary = false;              ///< as git has it: a NUL among the first 8,000 bytes
  std::optional<lfs_pointer> lfs;
};

/// How many of a file's first bytes classify() wants.
inline constexpr std::size_t classified_bytes = 8'000;

/// @param path tells the type by its name or extension
/// @param first its first classified_bytes, or all when it has fewer
content_kind classify(std::string_view path, std::string_view first, std::uint64_t size);

} // namespace ingot::contents
