#pragma once

#include "model/contents/sync_order.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ingot::github {

/// What a payload says of its repository. Absent optionals: the payload does not say (minimal mentions).
struct repository_snapshot {
  std::int64_t id = 0;
  std::string name;
  std::string full_name;
  std::string owner;
  std::optional<std::string> description; ///< empty: the payload says null, the repository has none
  std::optional<std::string> language;    ///< the same
  std::optional<bool> is_private;
  std::optional<bool> archived;
  std::optional<std::string> default_branch;
  std::optional<std::string> html_url;
  std::optional<std::int64_t> stars;
  std::optional<std::int64_t> forks;
  std::optional<timestamp> updated_at; ///< absent: a minimal mention, which never overwrites anything
  std::optional<timestamp> pushed_at;
};

struct person {
  std::string login; ///< `ghost` for a deleted user (payload says null)
  std::string avatar_url;
};

struct pull_request_counts {
  std::int64_t additions = 0, deletions = 0, changed_files = 0, commits = 0;
};

/// What a payload says of a pull request.
struct pull_request_snapshot {
  std::int64_t number = 0;
  std::string title;
  std::optional<std::string> description;
  person author;
  std::string head_sha;
  std::string head_ref;
  std::string base_ref;
  std::string html_url;
  std::string labels;    ///< JSON array of {name, color}
  std::string assignees; ///< JSON array of {login, avatar_url}
  std::string reviewers; ///< JSON array of {login, avatar_url}: the requested reviewers
  bool is_draft = false;
  bool closed = false; ///< state is "closed"
  bool merged = false;
  std::optional<timestamp> merged_at;
  std::optional<timestamp> closed_at;
  timestamp updated_at{};
  std::optional<pull_request_counts> counts; ///< review payloads have none
  std::optional<std::string> files_changed;  ///< JSON array, when the payload carries one (GitHub's own never does)
};

/// pull_request, every action.
struct pull_request_event {
  pull_request_snapshot pull_request;
  person sender; ///< who did it; empty when the payload does not say
};

/// pull_request_review: submitted, edited, dismissed.
struct review_event {
  pull_request_snapshot pull_request;
  std::string state; ///< approved | changes_requested | commented | dismissed
  person reviewer;
  timestamp at{};     ///< submitted_at; for a dismissal the pull request's updated_at
  std::string source; ///< `review <id>`
};

enum class build_status : std::uint8_t { building, passed, failed };

/// workflow_run, workflow_job, check_run, check_suite, status, and deployment_status (history only).
struct build_event {
  std::string head_sha;
  std::vector<std::int64_t> pull_requests; ///< numbers that the payload names; empty: found by head_sha
  build_status status = build_status::building;
  bool completed = false; ///< completed beats in_progress beats queued at equal times
  bool started = false;
  bool deployment = false; ///< a deployment's state: a history entry, never status_build
  std::string label;       ///< deployment: its state; else empty
  timestamp at{};
  std::string source; ///< `workflow_run 123 CI`: kind, id and name
  person actor;
  std::optional<std::string> title; ///< known title of the change, for a pipeline made ahead of its pull request
};

/// Anything that only moves the repository: push, create, delete, release, repository.*, ping with a repository.
struct repository_event {
  bool deleted = false; ///< repository.deleted
  /// Decides among facts of equal times: 0 a mention (push, create, delete, release, ping), 1 any other `repository` action
  /// (edited, archived, privatized, …), 2 renamed, 3 transferred, 4 deleted.
  int rank = 0;
  std::optional<contents::push_news> push = {}; ///< of a push to a branch
  bool released = false;                        ///< a release was published
};

/// installation and installation_repositories.
struct installation_event {
  std::int64_t id = 0;
  std::string account;
  std::int64_t account_id = 0;
  std::string account_type;
  std::int64_t app_id = 0;
  std::string repository_selection;
  bool deleted = false;
  bool suspended = false;
  timestamp updated_at{};
  std::vector<repository_snapshot> added;
  std::vector<repository_snapshot> removed;
  /// updated_at says nothing of when the lists became true (GitHub leaves it at the installation's creation when repositories are
  /// added or removed): the delivery's time of arrival counts, which is kept with it.
  bool lists_by_arrival = false;
};

/// One verified GitHub delivery after parsing. std::monostate: an event that is kept and ignored.
struct event {
  std::string name;   ///< X-GitHub-Event
  std::string action; ///< empty when the payload has none
  std::optional<repository_snapshot> repository;
  std::optional<std::int64_t> installation_id;
  std::optional<timestamp> occurred_at; ///< the source's own time of what happened, for last_activity
  std::variant<std::monostate, pull_request_event, review_event, build_event, repository_event, installation_event> fact;

  bool ignored() const noexcept { return std::holds_alternative<std::monostate>(fact); }
};

} // namespace ingot::github
