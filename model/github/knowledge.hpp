#pragma once

#include "model/github/event.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::github {

/// One entry of a row's history. Sorted by (at, rank, field, value, source); a bounded sorted set.
struct history_entry {
  timestamp at{};
  std::int8_t rank = 0;
  std::string field;    ///< `state`, `head`, `draft`, `status_build`, …
  std::string value;    ///< `merged`, a sha, `buildPassed`, …
  std::string source;   ///< what said so: `pull_request closed`, `workflow_run 123 CI`
  std::string by;       ///< login
  std::string sha;      ///< head commit it speaks of, or empty
  std::string delivery; ///< the smallest id of the deliveries that said it

  friend auto operator<=>(const history_entry&, const history_entry&) = default;
};

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
  std::int64_t version = 0;          ///< the column `version`; not part of `facts`
  stamp columns;                     ///< name … forks
  stamp deleted;
  std::int64_t open_prs = 0, total_prs = 0;
  std::optional<timestamp> last_activity;
  std::optional<std::int64_t> installation_id;
  stamp installation;
};

/// Internal state of one `pull_requests` row.
struct pull_request_state {
  bool exists = false;
  stamp columns; ///< title … closed_at
  stamp counts;
  stamp files;   ///< the file list that is stored
  std::string files_sha; ///< head for which a list is stored or a job was enqueued
  std::optional<timestamp> merged_at_stamp;   ///< latest fact that says merged
  std::optional<timestamp> reopened_at_stamp; ///< latest reopened; after merged_at_stamp it undoes it
  bool open = false;                          ///< as projected, for open_prs
  std::uint64_t visible = 0;                  ///< digest of all columns that a reader can see
  std::string head_sha;
  std::vector<std::pair<timestamp, std::string>> heads; ///< known heads, oldest first, bounded
  std::vector<history_entry> history;                   ///< raw set, bounded
};

/// Internal state of one `pipeline_runs` row.
struct pipeline_state {
  bool exists = false;
  stamp columns; ///< commit_sha, author, avatar_url, title: said by the pull request, else by a build
  std::string commit_sha;
  std::map<std::string, std::pair<stamp, std::string>> fields; ///< status_pr, status_approval, status_merge → latest value
  std::map<std::string, std::pair<stamp, std::string>> builds; ///< sha → latest build value, bounded
  std::vector<std::string> heads;                              ///< known heads of the pull request, bounded
  std::uint64_t visible = 0;
  std::vector<history_entry> history; ///< raw set, bounded
};

/// What is known of one commit: whose head it was, and what builds said that named no pull request. Table `commits`.
struct commit_state {
  bool exists = false;
  std::vector<std::int64_t> pull_requests; ///< numbers of the pull requests that had it as head, bounded
  std::vector<history_entry> builds;       ///< bounded
};

/// What the node knows of one repository. An entity that is not in its map is unknown, not absent: it must be loaded first.
/// One whose `exists` is false is known to have no row.
struct knowledge {
  std::int64_t repository_id = 0;
  bool loaded = false; ///< `repository` tells the truth
  repository_state repository;
  std::map<std::int64_t, pull_request_state> pull_requests;
  std::map<std::int64_t, pipeline_state> pipelines;
  std::map<std::string, commit_state> commits;
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

/// The column `facts` of a row. decode() of an empty text is a state that exists and knows nothing else; text that is not ours
/// throws std::runtime_error.
std::string encode(const repository_state& x);
std::string encode(const pull_request_state& x);
std::string encode(const pipeline_state& x);
std::string encode(const commit_state& x);
void decode(std::string_view facts, repository_state& out);
void decode(std::string_view facts, pull_request_state& out);
void decode(std::string_view facts, pipeline_state& out);
void decode(std::string_view facts, commit_state& out);

/// Approximate heap bytes of `x`, for bounding caches.
std::size_t bytes_of(const knowledge& x) noexcept;

/// Forgets the entities that were not touched lately so that bytes_of(x) falls below `bytes_max`.
void trim(knowledge& x, std::size_t bytes_max);

} // namespace ingot::github
