#pragma once

#include "model/contents/content_kind.hpp"
#include "model/fault.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Git LFS's batch API (github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md): one question for many objects, answered with
/// where each can be had.
namespace ingot::contents {

inline constexpr auto lfs_media_type = "application/vnd.git-lfs+json";

/// Objects of one question. Servers may refuse longer ones (413); the specification of git-lfs asks for 100.
inline constexpr std::size_t lfs_batch_max = 100;

/// Where one object can be had, or why not.
struct lfs_offer {
  lfs_pointer of;
  std::string url;                                          ///< absolute; empty: it cannot be had
  std::vector<std::pair<std::string, std::string>> headers; ///< to be sent there, names in lower case
  std::string problem;                                      ///< why it cannot be had
};

/// The body of POST …/info/lfs/objects/batch that asks for downloads.
std::string lfs_question(std::span<const lfs_pointer> of);

/// What was answered to it, in the order of `of`: what the answer does not name, or names with another size, cannot be had.
std::variant<std::vector<lfs_offer>, failure> parse_lfs_offers(std::string_view text, std::span<const lfs_pointer> of);

} // namespace ingot::contents
