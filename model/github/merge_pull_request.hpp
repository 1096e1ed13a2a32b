#pragma once

#include "model/github/event.hpp"
#include "model/github/knowledge.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How a pull request's facts are merged and what its row shows of them. Only decide() uses it.

namespace ingot::github {

/// Rank of a pull_request event's action among those of the same updated_at; see decide().
std::int8_t pull_request_rank(std::string_view action, bool merged) noexcept;

/// Which groups of columns a snapshot wins.
struct snapshot_gain {
  bool anything = false; ///< `known` changed
  bool columns = false;
  bool counts = false;
  bool files = false;
};

/// Merges what a snapshot says into `known`, all but its history.
/// @param full_name of the repository, for a snapshot without a web address
snapshot_gain merge_snapshot(pull_request_state& known, const pull_request_snapshot& said, std::int8_t rank,
                             std::string_view full_name);

/// Merges "reopened at `at`"; @returns whether `known` changed.
bool merge_reopened(pull_request_state& known, timestamp at);

/// The history entry that a pull_request event makes, if its action changes the state. `opened` also leaves a title, so that a
/// later edit can be told from one of the text.
/// @returns whether `known` changed
bool merge_action(pull_request_state& known, std::string_view action, const pull_request_snapshot& said,
                  const history_entry& about);

/// Adds an entry to the pull request's history; @returns whether `known` changed.
bool remember(pull_request_state& known, history_entry x);

bool has_head(const pull_request_state& known, std::string_view sha) noexcept;

enum class pull_request_outcome : std::uint8_t { open, closed, merged };

/// Merged is final until reopened, whatever snapshots say.
pull_request_outcome outcome_of(const pull_request_state& known) noexcept;
std::string_view to_string(pull_request_outcome x) noexcept;

std::optional<timestamp> merged_at_of(const pull_request_state& known) noexcept;
std::optional<timestamp> closed_at_of(const pull_request_state& known) noexcept;

/// JSON array of the web addresses of the known heads, oldest first.
std::string commit_urls_of(const pull_request_state& known);

} // namespace ingot::github
