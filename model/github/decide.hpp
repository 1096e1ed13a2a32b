#pragma once

#include "model/contents/sync_order.hpp"
#include "model/github/knowledge.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot::github {

/// Columns of `repositories` that a snapshot sets, all of them: an absent optional is NULL (or the column's default). Keeping
/// what the row has would make the row depend on the order of arrival; a mention that says little is never here when the row
/// knows more.
using repository_columns = repository_snapshot;

struct repository_change {
  std::int64_t id = 0;
  bool is_new = false;
  std::int64_t base_version = 0; ///< the row must still have it; ignored when is_new
  std::optional<repository_columns> columns;
  bool renames = false;                       ///< `columns` bring a full name that the row does not have
  std::optional<timestamp> source_updated_at; ///< of the newest snapshot
  std::int64_t open_prs = 0, total_prs = 0;
  std::optional<timestamp> last_activity;
  std::optional<std::int64_t> installation_id;
  std::optional<timestamp> installation_at; ///< when it was said; set with installation_id
  bool deleted = false;
  std::string facts;
};

struct pull_request_change {
  std::int64_t number = 0;
  bool is_new = false;
  bool visible = false; ///< something a reader can see changes: processed = FALSE, updated_at moves
  /// title … is_draft; absent: keep. What `state` implies (merged, merged_at, closed_at) is as projected here, too.
  std::optional<pull_request_snapshot> columns;
  std::string state;                  ///< open | closed | merged, as projected; always set, as are the two that follow
  std::optional<timestamp> merged_at; ///< set exactly when the row is merged and a payload said when
  std::optional<timestamp> closed_at;
  std::optional<pull_request_counts> counts; ///< absent: keep
  std::optional<std::string> files_changed;  ///< JSON array; absent: keep
  std::string commit_urls;                   ///< JSON array of strings
  std::string history;                       ///< JSON array, as readers see it
  std::string facts;
  timestamp source_updated_at{};
  std::uint64_t visible_before = 0; ///< digest before the first of the decisions that this change sums up
};

struct pipeline_change {
  std::int64_t number = 0;
  bool is_new = false;
  bool visible = false;
  std::string commit_sha, author, avatar_url, title;
  bool columns = false; ///< author, avatar_url and title are to be set (commit_sha and the statuses always are)
  std::string status_pr, status_build, status_approval, status_merge;
  std::string history;
  std::string facts;
  timestamp source_updated_at{};
  std::uint64_t visible_before = 0; ///< digest before the first of the decisions that this change sums up
};

struct commit_change {
  std::string sha;
  bool is_new = false;
  std::string facts;
};

/// A push, and the delivery that told of it.
struct told_push {
  std::string delivery_id;
  contents::push_news news;
};

/// All that one group of deliveries of one repository changes. At most one change per row: later decisions replace earlier ones.
struct change_set {
  std::optional<repository_change> repository; ///< present whenever anything of the repository changes
  std::vector<pull_request_change> pull_requests;
  std::vector<pipeline_change> pipelines;
  std::vector<commit_change> commits;
  std::vector<new_job> jobs;
  std::vector<told_push> pushes;     ///< in order: whoever follows the repository is told
  std::vector<std::string> releases; ///< deliveries that told of one: its manifests are looked at
  bool moved = false;                ///< its names, flags or its end have changed: whoever follows it is told

  bool empty() const noexcept { return !repository && jobs.empty() && pushes.empty() && releases.empty(); }
};

/// Ranks among facts of equal source time, so that every order of arrival ends in the same rows (law 4):
///   repository    repository_event::rank, others 0; then the later pushed_at; a mention without updated_at is below all
///   pull request  opened, and the snapshot in a review: 0 < any other action: 1 < synchronize 2 < closed 3 < reopened 4 < merged
///   5 review        approved 0 < changes_requested 1 < dismissed 2 (a dismissal follows what it dismisses) build         queued
///   0 < started 1 < passed 2 < failed 3
/// Among equal ranks a digest of the content decides.
///
/// Applies one event to what is known and records what changes: nothing when the event says nothing new. Pure: no clock, no
/// randomness.
/// @pre missing_for(known, x).none() and x is about a repository
/// @post `known` is what the rows will hold once `out` is committed, except the version: committing adds one.
void decide(knowledge& known, const event& x, std::string_view delivery_id, change_set& out);

} // namespace ingot::github
