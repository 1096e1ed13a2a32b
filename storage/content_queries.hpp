#pragma once

#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What is stored of followed repositories. All of these block, and throw what libpqxx throws.
namespace ingot::storage {

/// Where a content lies, and what it is.
struct stored_content {
  std::string sha; ///< git's id of it
  std::string key; ///< in the blob store
  std::uint64_t size = 0;
  std::string mime_type;
};

/// A file of a followed repository.
struct content_file {
  std::string path, sha;
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
  std::string skipped;                 ///< why its content is not stored; empty: it is
  std::string key;                     ///< in the blob store; empty: its content is not stored
  std::string mime_type;               ///< empty when its content is not stored
  std::optional<std::string> language; ///< of text that is of one
  bool is_binary = false;
  std::optional<std::string> lfs_oid; ///< SHA-256 that an LFS pointer names
  std::uint64_t lfs_size = 0;
  std::optional<stored_content> lfs_content; ///< what that names, if it was fetched
};

/// Of what commit a repository's files are, for whoever may read it.
struct readable_repository {
  std::string commit_sha, branch; ///< empty: never synced
};

/// @param user whose it must be; nothing: anybody's. @returns nothing when there is none, or it is another's
std::optional<readable_repository> find_readable(connection& db, std::int64_t repository_id,
                                                 const std::optional<std::string>& user);

/// Up to `limit` files whose paths come after `after`, by path: that of this path, or all below it as a folder; all when it is
/// empty.
std::vector<content_file> list_files(connection& db, std::int64_t repository_id, const std::string& path,
                                     const std::string& after, std::size_t limit);

std::optional<content_file> find_file(connection& db, std::int64_t repository_id, const std::string& path);

} // namespace ingot::storage
