#pragma once

#include "model/time.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::github {

/// One entry of a row's history. Sorted by (at, rank, field, value, source, by, sha); a bounded sorted set.
struct history_entry {
  timestamp at{};
  std::int8_t rank = 0;
  std::string field;    ///< `state`, `head`, `draft`, `status_build`, …
  std::string value;    ///< `merged`, a sha, `buildPassed`, …
  std::string source;   ///< what said so: `pull_request closed`, `workflow_run 123 CI`
  std::string by;       ///< login, or empty
  std::string sha;      ///< head commit it speaks of, or empty
  std::string delivery; ///< the smallest id of the deliveries that said it

  friend auto operator<=>(const history_entry&, const history_entry&) = default;
};

/// Cuts the entry's texts to their bounds (value and source 200 bytes, login 100, sha 64) at UTF-8 boundaries, and makes the
/// delivery id, which comes from a header, printable ASCII.
void bound(history_entry& x);

/// `text` cut to at most `bytes_max` bytes, never inside a UTF-8 sequence.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept;

/// Adds `x` to the sorted set `entries` and forgets what is over the bound. An entry that is there already only keeps the smaller
/// delivery id. What is kept does not depend on the order of the additions: the newest `newest`, and of every field
/// the oldest one and the newest two, so that a field that speaks much does not silence the others.
/// @returns whether `entries` changed
bool remember(std::vector<history_entry>& entries, history_entry x, std::size_t newest);

/// How many of the newest entries to keep so that at most `entries_max` are kept in all, with `fields` fields.
constexpr std::size_t newest_of(std::size_t entries_max, std::size_t fields) {
  return entries_max - 3 * fields;
}

/// What readers see of a raw history.
struct shown_history {
  std::string json;         ///< array of {"at", "field", "value", "source", "by", "sha"?, "delivery"}, oldest first
  std::uint64_t digest = 0; ///< of all but the delivery ids: which of two equal deliveries came first is no news
};

/// Of consecutive entries of one field only those are shown that change its value (of reviews: or the reviewer). A title is
/// shown from the second one on: the first is what the later ones are compared with.
shown_history show(const std::vector<history_entry>& entries);

} // namespace ingot::github
