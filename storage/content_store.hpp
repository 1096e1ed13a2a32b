#pragma once

#include "config/settings.hpp"
#include "model/contents/content_kind.hpp"
#include "model/contents/provider.hpp"
#include "model/contents/sync_order.hpp"
#include "model/job.hpp"
#include "storage/batch_store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ingot::storage {

/// A followed repository as a sync needs it.
struct sync_subject {
  std::int64_t id = 0;
  std::string user_id; ///< empty: the node's own
  contents::place where;
  contents::known_state known;
  std::string default_branch;
  std::vector<std::string> include, exclude;
  std::optional<std::uint64_t> file_bytes_max;
  bool skip_binary = false, fetch_lfs = false;
  std::uint64_t filters = 0; ///< digest that the stored files were chosen by
  bool complete = false;
  std::optional<timestamp> last_push;            ///< pushed_at of the newest push that was looked at
  std::string state;                             ///< active, gone, forbidden, suspended, removed
  bool manifests = false;                        ///< is it looked through for manifests of MCP servers?
  std::vector<std::string> manifest_places = {}; ///< its own; empty: the setting
  std::int64_t manifests_seen = 0;               ///< digest of those of the last sync; 0: none
};

/// Why a file's content is not stored.
enum class skipped_reason : std::uint8_t { none, submodule, too_large, binary, unavailable };

std::string_view to_string(skipped_reason x) noexcept;

/// A file of the revision that is being synced.
struct listed_file {
  contents::tree_entry entry;
  skipped_reason skipped = skipped_reason::none;
};

/// A content that lies in the blob store.
struct stored_blob {
  contents::object_id id;
  std::uint64_t size = 0;
  std::string key;
  contents::content_kind kind;
};

/// How a sync ended.
struct sync_result {
  contents::revision at;
  std::string etag;
  std::optional<contents::description> what;
  contents::sync_cost cost;
  std::uint64_t filters = 0;
  milliseconds check_after{0};                ///< when the fallback shall look again
  bool notify = false;                        ///< enqueue a job that tells of the changes
  std::optional<timestamp> push_at = {};      ///< of the push that was the reason
  std::size_t objects_unavailable = 0;        ///< LFS objects that are wanted and could not be had: it is not complete
  std::optional<std::int64_t> manifests = {}; ///< digest of manifests and READMEs, where it is looked through for them
  bool manifests_anew = false;                ///< look at them though they are as they were
  contents::urgency how = contents::urgency::fallback;
};

/// What an LFS pointer of the listing names and the repository has not been granted yet.
struct wanted_object {
  contents::lfs_pointer of;
  std::string path;       ///< one of those where it is pointed to from
  std::string stored_sha; ///< git's id of its content, when another repository has it; else empty
};

/// What the provider has granted to the repository, and the store has.
struct granted_object {
  std::string oid;
  std::string sha; ///< git's id of its content
};

/// What it changed.
struct sync_counts {
  std::int64_t added = 0, modified = 0, removed = 0, skipped = 0;
  std::int64_t blobs_missing = 0; ///< not zero: nothing was applied, since these blobs are not stored
};

/// What a look at a repository came to.
struct check_result {
  std::int64_t repository_id = 0;
  std::optional<contents::revision> known; ///< that was compared with: a sync that came between makes it void
  std::string etag;
  std::optional<contents::description> what;
  std::optional<timestamp> push_at = {}; ///< of the push that was the reason
};

/// Where syncs read and write. A session of its own; one thread at a time; every call may throw store_error.
class content_store {
public:
  virtual ~content_store() = default;

  /// From now on whatever is written stands behind the fence of this job, but for what is true whoever writes it (keep()): an
  /// attempt that waited past its lease changes nothing (law 2).
  virtual void work_for(const job_lease& job) = 0;

  /// Nothing when there is none.
  virtual std::optional<sync_subject> load(std::int64_t repository_id) = 0;

  /// Does another order for this repository wait behind the job in hand?
  virtual bool has_newer_order(const job_lease& job) = 0;

  /// Begins the record of a sync, or goes on with that of an earlier attempt of the same job. @returns its id
  virtual std::int64_t begin(const sync_subject& of, const job_lease& job, contents::urgency trigger,
                             const contents::revision& to) = 0;

  /// What makes the keys of blobs that this attempt writes unique.
  virtual std::int64_t next_blob_key() = 0;

  /// Empties the listing.
  virtual void list_anew() = 0;
  /// Adds to the listing.
  virtual void list(std::span<const listed_file> files) = 0;
  /// Binary files that were known as such when they were skipped are skipped again; @returns the contents that are missing.
  virtual std::vector<contents::wanted_blob> missing_blobs(std::int64_t repository_id, bool skip_binary) = 0;
  /// The listing's files with these contents are skipped.
  virtual void skip(std::span<const contents::object_id> ids, skipped_reason why) = 0;

  /// Remembers contents that the blob store has. @returns the keys that are not needed, since another sync was faster
  virtual std::vector<std::string> keep(std::span<const stored_blob> blobs) = 0;

  /// Takes back what was granted, and lists the LFS objects of at most `bytes_max` bytes that the listing's pointers name.
  virtual std::vector<wanted_object> missing_objects(std::int64_t repository_id, std::uint64_t bytes_max) = 0;
  /// These are the repository's once the listing is applied.
  virtual void grant(std::span<const granted_object> objects) = 0;

  /// How far it is.
  virtual void note_progress(std::int64_t sync_id, const contents::sync_cost& so_far, std::uint64_t blobs_wanted,
                             std::uint64_t blobs_stored) = 0;

  /// One transaction behind the job's fence: the listing becomes the repository's files, the differences its changes, the job is
  /// done. With missing blobs nothing happens.
  virtual sync_counts apply(const sync_subject& of, std::int64_t sync_id, const job_lease& job, const sync_result& x) = 0;

  /// The repository is as it was: behind the job's fence, and the job is done.
  virtual void note_current(const job_lease& job, const check_result& x, milliseconds check_after) = 0;
  /// The same of several repositories; the job goes on.
  virtual void note_current(std::span<const check_result> all, milliseconds check_after) = 0;

  /// An attempt failed. @param sync_id 0: none had begun
  virtual void note_failure(std::int64_t repository_id, std::int64_t sync_id, const std::string& error,
                            const contents::sync_cost& cost, std::optional<timestamp> retry_at) = 0;

  /// `gone`, `forbidden`, or `active` again.
  virtual void set_state(std::int64_t repository_id, std::string_view state, const std::string& reason) = 0;

  /// Enqueues orders.
  virtual void enqueue(std::span<const contents::sync_order> orders) = 0;
};

using content_store_factory = std::function<std::unique_ptr<content_store>()>;

/// Connects, or throws store_error(reconnect).
std::unique_ptr<content_store> open_content_store(const std::string& url, const database_settings& settings);

/// Chooses repositories that the fallback has to look after, up to `batches` times `of_one`, puts their next look off by
/// `interval`, and enqueues a job for each batch. @returns how many jobs. Throws statement_error.
std::size_t enqueue_content_checks(const std::string& url, const database_settings& settings, std::size_t batches,
                                   std::size_t of_one, milliseconds interval);

} // namespace ingot::storage
