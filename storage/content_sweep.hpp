#pragma once

#include "config/settings.hpp"
#include "storage/connection.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What nobody needs any more of followed repositories, a bounded step at a time, each a transaction of its own that may be
/// repeated. Several nodes may sweep at once. All of it blocks, and throws what libpqxx throws.
namespace ingot::storage {

/// The kind of jobs that sweep; their payload is {"orphans"}, and there is one key: they run one after the other.
inline constexpr const char* blob_sweep_kind = "blob_sweep";

/// Removes up to `limit` files of a repository that its user gave up, and the repository's row after the last of them.
/// @returns how many files; 0 when there is no such repository left
struct swept_files {
  std::size_t files = 0;
  bool more = false;
};
swept_files sweep_removed_repository(connection& db, std::size_t limit);

/// Forgets up to `limit` contents that no file has referred to for `grace`. Their keys become garbage in the same transaction.
/// @returns how many
std::size_t sweep_unreferenced(connection& db, milliseconds grace, std::size_t limit);

/// Up to `limit` keys of objects that are to be removed.
std::vector<std::string> list_garbage(connection& db, std::size_t limit);

/// These objects are gone.
void forget_garbage(connection& db, const std::vector<std::string>& keys);

/// Those of `keys` that are neither a content's nor garbage.
std::vector<std::string> unknown_keys(connection& db, const std::vector<std::string>& keys);

/// Forgets up to `limit` changes, and as many syncs, of those that are over since `days`; the newest of each repository stays.
/// @returns how many rows; fewer than `limit`: that was all
std::size_t sweep_syncs(connection& db, unsigned days, std::size_t limit);

/// Enqueues a sweep. @param period the same for all nodes that mean the same one: it is enqueued once
/// @param orphans look through the whole blob store too, for objects that no row names
/// @returns 1. Throws what libpqxx throws.
std::size_t enqueue_blob_sweep(const std::string& url, const database_settings& settings, std::string_view period, bool orphans);

} // namespace ingot::storage
