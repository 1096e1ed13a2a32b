#pragma once

#include "model/github/event.hpp"
#include "model/github/history.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::github {

/// When a field group was last said, so that the greater stamp wins whatever the order of arrival.
struct stamp {
  timestamp at{};
  std::int8_t rank = -1;    ///< -1: never said
  std::uint64_t digest = 0; ///< of the content: a total order among equal times and ranks

  friend auto operator<=>(const stamp&, const stamp&) = default;
};

/// Internal state of one `repositories` row: its column `facts`.
struct repository_state {
  bool exists = false;
  std::int64_t version = 0;  ///< the column `version`; not part of `facts`
  std::string full_name;     ///< the column; not part of `facts`
  stamp columns;             ///< name … forks
  std::uint64_t content = 0; ///< digest of those columns: a newer snapshot that says the same writes none of them
  stamp deleted;
  std::int64_t open_prs = 0, total_prs = 0;
  std::optional<timestamp> last_activity;
  std::optional<std::int64_t> installation_id;
  stamp installation;
};

/// A fact that a pull request was merged. The greatest counts.
struct merge_fact {
  timestamp said_at{}; ///< updated_at of the snapshot that says so
  std::optional<timestamp> merged_at;
  std::optional<timestamp> closed_at;

  friend auto operator<=>(const merge_fact&, const merge_fact&) = default;
};

/// Internal state of one `pull_requests` row.
struct pull_request_state {
  bool exists = false;
  stamp columns; ///< title … is_draft; its digest leaves out what follows from `state`
  stamp counts;
  stamp files;                                ///< the file list that is stored
  bool closed = false;                        ///< what the snapshot of `columns` says
  std::optional<timestamp> closed_at;         ///< what the snapshot of `columns` says
  std::string head_sha;                       ///< what the snapshot of `columns` says
  std::string commit_url_base;                ///< `https://github.com/{full_name}/commit/`, by the snapshot of `columns`
  std::string files_sha;                      ///< head for which a list is stored or a job was enqueued
  std::optional<merge_fact> merged;           ///< latest fact that says merged
  std::optional<timestamp> reopened_at_stamp; ///< latest reopened; after `merged` it undoes it
  bool open = false;                          ///< as projected, for open_prs
  std::uint64_t visible = 0;                  ///< digest of all columns that a reader can see
  /// Known heads with the latest time each was said, oldest first, bounded (pull_request_heads_max).
  std::vector<std::pair<timestamp, std::string>> heads;
  std::vector<history_entry> history; ///< raw set, bounded (pull_request_history_max)
  std::uint64_t last_use = 0;         ///< for trim(); not part of `facts`
};

/// Internal state of one `pipeline_runs` row. What follows from the pull request is read from its state.
struct pipeline_state {
  bool exists = false;
  /// commit_sha, author, avatar_url, title: said by the pull request (rank from 64 on), else by the newest build.
  stamp columns;
  std::string commit_sha;
  std::map<std::string, std::pair<stamp, std::string>> fields; ///< status_pr, status_approval → latest value said
  std::map<std::string, std::pair<stamp, std::string>> builds; ///< sha → latest build value, bounded (pipeline_builds_max)
  std::uint64_t visible = 0;
  std::vector<history_entry> history; ///< raw set, bounded (pipeline_history_max)
  std::uint64_t last_use = 0;         ///< for trim(); not part of `facts`
};

/// What is known of one commit: whose head it was, and what builds said that named no pull request. Table `commits`.
struct commit_state {
  bool exists = false;
  /// Numbers of the pull requests that had it as head; the greatest commit_pull_requests_max of them.
  std::vector<std::int64_t> pull_requests;
  std::vector<history_entry> builds; ///< bounded like a pipeline's history, so that a later pull request misses nothing
  std::uint64_t last_use = 0;        ///< for trim(); not part of `facts`
};

/// Bounds of what one row remembers (law 5). Past them the oldest is forgotten, the same in every order of arrival.
inline constexpr std::size_t pull_request_heads_max = 64;
inline constexpr std::size_t pull_request_history_max = 32;
inline constexpr std::size_t pipeline_builds_max = 16;
inline constexpr std::size_t pipeline_history_max = 32;
inline constexpr std::size_t commit_pull_requests_max = 64;

/// What the node knows of one repository. An entity that is not in its map is unknown, not absent: it must be loaded first
/// (unless the knowledge is complete). One whose `exists` is false is known to have no row.
struct knowledge {
  std::int64_t repository_id = 0;
  bool loaded = false; ///< `repository` tells the truth
  /// What is in no map has no row: since the repository was met for the first time, nothing was forgotten.
  bool complete = false;
  repository_state repository;
  std::map<std::int64_t, pull_request_state> pull_requests;
  std::map<std::int64_t, pipeline_state> pipelines;
  std::map<std::string, commit_state> commits;
  std::uint64_t uses = 0; ///< decisions made on it, the clock of `last_use`
};

/// Entities that must be loaded before an event can be decided.
struct missing {
  bool repository = false;
  std::vector<std::int64_t> pull_requests; ///< both the pull request's and the pipeline's row
  std::vector<std::string> commits;

  bool none() const noexcept { return !repository && pull_requests.empty() && commits.empty(); }
};

/// What `known` lacks to decide `x`. Asked again after loading: a commit names further pull requests (at most two rounds).
missing missing_for(const knowledge& known, const event& x);

/// The column `facts` of a row: text that begins with the format's version; valid UTF-8 without NUL as its parts are. decode() of
/// an empty text is a state that exists and knows nothing else; text that is not ours throws std::runtime_error and leaves `out`
/// as it was. A repository's version is no part of it and stays.
std::string encode(const repository_state& x);
std::string encode(const pull_request_state& x);
std::string encode(const pipeline_state& x);
std::string encode(const commit_state& x);
void decode(std::string_view facts, repository_state& out);
void decode(std::string_view facts, pull_request_state& out);
void decode(std::string_view facts, pipeline_state& out);
void decode(std::string_view facts, commit_state& out);

/// Approximate heap bytes of `x`, for bounding caches. Walks all of it: once a group, not once a delivery.
std::size_t bytes_of(const knowledge& x) noexcept;

/// Forgets the entities that no decision touched lately, so that bytes_of(x) falls to `bytes_max` or only the repository is left.
/// Between loading and deciding it would forget what was just loaded: call it after the decision.
void trim(knowledge& x, std::size_t bytes_max);

} // namespace ingot::github
