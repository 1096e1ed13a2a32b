#pragma once

#include "model/contents/provider.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// The cheapest way to the same contents.
namespace ingot::contents {

/// What the ways are judged by.
struct prices {
  std::uint64_t request_bytes = 256 * 1024; ///< what one request is worth
  bool graphql = true;                      ///< may batches be asked for?
  std::int64_t requests_left = -1;          ///< of the hour's budget; negative: unknown
};

/// GitHub's caps (docs.github.com: REST "Git blobs", GraphQL "Blob.text").
inline constexpr std::uint64_t graphql_text_max = 512'000; ///< longer texts are cut
inline constexpr std::size_t graphql_batch_max = 100;      ///< blobs of one query
inline constexpr std::uint64_t graphql_batch_bytes_max = 4 * 1024 * 1024;
inline constexpr std::uint64_t rest_blob_max = 100 * 1024 * 1024;

/// How blobs that are missing are fetched: all of them by one archive, or each by its part of `batches` and `singles`.
struct fetch_plan {
  bool archive = false;
  std::vector<std::vector<std::size_t>> batches; ///< indices of wanted blobs, each batch one GraphQL query
  std::vector<std::size_t> singles;              ///< one request each
  std::uint64_t requests = 0;                    ///< that it is expected to take
  std::uint64_t bytes = 0;                       ///< about, that are expected to come
};

/// In place of the total: there is no archive.
inline constexpr std::uint64_t no_archive = ~std::uint64_t{0};

/// A blob that is too large for a request of its own is looked for in an archive.
/// @param total of all files of the revision, in bytes: what an archive holds
fetch_plan plan_fetch(std::span<const wanted_blob> wanted, std::uint64_t total, const prices& by);

} // namespace ingot::contents
