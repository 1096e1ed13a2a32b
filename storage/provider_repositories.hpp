#pragma once

#include "model/contents/provider.hpp"
#include "model/contents/sync_order.hpp"
#include "model/job.hpp"
#include "model/new_repository.hpp"
#include "model/time.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Table `provider_repositories`: the repositories that users follow. What changes something writes its audit line in the same
/// transaction. All of these block, and throw refused_change when it cannot be done, else what libpqxx throws.
namespace ingot::storage {

/// A row of provider_repositories, whole.
struct followed_repository {
  std::int64_t id = 0;
  std::string user_id; ///< empty: the node's own
  std::string provider, owner, name;
  std::int64_t external_id = 0; ///< 0: not asked yet
  std::string url;
  std::int64_t credential_id = 0; ///< 0: none
  std::string branch;             ///< empty: the default branch
  std::string default_branch;     ///< empty: not known
  bool is_private = false, archived = false;
  contents::repository_filter filter;
  std::string state, state_reason; ///< active, gone, forbidden, suspended, removed
  std::optional<timestamp> last_synced_at;
  std::string last_commit_sha, last_tree_sha, last_branch; ///< empty: never synced
  std::int64_t filters = 0;
  std::string etag;
  bool complete = false;
  std::int64_t files = 0, bytes = 0;
  std::optional<timestamp> rate_limit_reset_at;
  int retry_count = 0;
  std::optional<timestamp> next_retry_at;
  timestamp next_check_at{};
  std::string last_error;
  std::int64_t version = 0;
  timestamp created_at{}, updated_at{};
};

/// Where a provider finds it.
contents::place place_of(const followed_repository& x);

/// Nothing when there is none; one that its user removed is found while its row is there.
std::optional<followed_repository> load_repository(connection& db, std::int64_t id);

/// Not removed, and the user's. Throws refused_change (not_found) for all others: they look alike.
followed_repository find_repository(connection& db, const std::string& user_id, std::int64_t id);

/// Up to `limit` of a user's whose ids come after `after`, by id, without those that are removed.
std::vector<followed_repository> list_repositories(connection& db, const std::string& user_id, std::int64_t after,
                                                   unsigned limit);

/// The same over all users. @param state empty: any
std::vector<followed_repository> list_all_repositories(connection& db, const std::string& state, std::int64_t after,
                                                       unsigned limit);

/// Those of a user with that name, whatever the case of its letters; two users may follow the same.
std::optional<followed_repository> find_repository_named(connection& db, const std::string& user_id, std::string_view owner,
                                                         std::string_view name);

/// Who follows one of GitHub's repositories, and may be synced.
struct tracked_repository {
  std::int64_t id = 0;
  std::string user_id;
  std::string branch;         ///< that is followed; empty: the default branch
  std::string default_branch; ///< empty: not known
};
std::vector<tracked_repository> tracked(connection& db, std::int64_t external_id);

/// Which credential a user's repository of that owner is asked with: the one that is named, else a live installation on that
/// account, else the newest live token. @returns 0: none. Throws refused_change (invalid_fields) when the named one is not the
/// user's, or does not live.
std::int64_t choose_credential(connection& db, const std::string& user_id, std::string_view owner, std::int64_t named);

/// What the provider says of a repository that is to be followed.
struct confirmed_repository {
  contents::new_repository wanted;
  contents::description found;
};

/// A repository that is followed from now on, and the job of its first sync.
struct repository_added {
  followed_repository row;
  std::int64_t job_id = 0;
};

/// Follows one, and enqueues its first sync. Refuses a second row of one repository (conflict) and more than `repositories_max`
/// of a user (invalid_fields).
repository_added add_repository(connection& db, const std::string& user_id, const confirmed_repository& x,
                                unsigned repositories_max, const operator_action& by, const job_lease* job = nullptr);

/// Changes what is wanted of one; what bears upon its files enqueues a full sync.
followed_repository change_repository(connection& db, const std::string& user_id, std::int64_t id,
                                      const contents::repository_change& x, const operator_action& by);

/// It is not followed any more: its files go by the sweep, then the row.
followed_repository remove_repository(connection& db, const std::string& user_id, std::int64_t id, const operator_action& by);

/// Enqueues a sync by hand, unless one waits already that does as much. @returns the job
std::int64_t request_sync(connection& db, const std::string& user_id, std::int64_t id, bool full, const operator_action& by);

/// A row of content_syncs.
struct content_sync_record {
  std::int64_t id = 0, repository_id = 0, job_id = 0;
  std::string trigger, state, before_sha, commit_sha, tree_sha, branch, plan;
  std::int64_t requests = 0, not_modified = 0, points = 0, bytes = 0;
  std::int64_t added = 0, modified = 0, removed = 0, blobs_wanted = 0, blobs_stored = 0, skipped = 0;
  bool complete = false;
  std::string error; ///< empty: none
  std::optional<std::int64_t> feed;
  timestamp started_at{};
  std::optional<timestamp> finished_at;
};

/// The newest syncs of a repository, those behind (below) the id `before`.
std::vector<content_sync_record> list_content_syncs(connection& db, std::int64_t repository_id, std::int64_t before,
                                                    unsigned limit);

/// The newest attempt of a job; nothing when it found no work, or has not begun.
std::optional<content_sync_record> content_sync_of_job(connection& db, std::int64_t job_id);

} // namespace ingot::storage
