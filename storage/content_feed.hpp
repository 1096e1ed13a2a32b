#pragma once

#include "model/time.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot::storage {

/// A place in the feed of changes, behind a change: the sync's place in the order of commits, then the change's among that
/// sync's.
struct feed_cursor {
  std::int64_t feed = 0;
  std::int32_t ordinal = 0;

  friend auto operator<=>(const feed_cursor&, const feed_cursor&) = default;
};

/// One line of the feed.
struct feed_change {
  feed_cursor cursor;
  std::int64_t repository_id = 0, sync_id = 0;
  std::string commit_sha, path, change;
  std::optional<std::string> sha, previous_sha;
  std::optional<std::uint32_t> mode;
  timestamp at{};
};

struct feed_page {
  std::vector<feed_change> changes;
  feed_cursor next; ///< where to go on: behind the last change, or behind all that there is
};

/// Whose changes, and from where on.
struct feed_question {
  feed_cursor after;
  std::optional<std::string> user;           ///< nothing: anybody's
  std::optional<std::int64_t> repository_id; ///< this one's alone
  std::size_t limit = 100;
};

/// A sync gets its place when it commits, so a reader who goes on from `next` misses none. Blocks; throws what libpqxx throws.
feed_page read_feed(connection& db, const feed_question& what);

} // namespace ingot::storage
