#pragma once

#include "model/job.hpp"
#include "storage/batch_store.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

/// Rebuilding the search: a new generation of `search_documents` grows beside the present one, and takes its place when it is
/// complete.
namespace ingot::storage {

/// The kind of the job that rebuilds, and its only key: there is one rebuild at a time over all nodes.
inline constexpr const char* search_rebuild_kind = "search_rebuild";
inline constexpr const char* search_rebuild_key = "search";

/// One step of a rebuild.
struct rebuild_step {
  job_lease lease;
  std::chrono::milliseconds lease_time{0}; ///< what it is renewed for
  std::string language;                    ///< of the new generation: a text search configuration of PostgreSQL
  std::size_t documents_max = 0;           ///< that are copied or removed in it
};

/// Where a rebuild is carried on. One thread at a time.
class search_store {
public:
  virtual ~search_store() = default;

  /// The next step of the rebuild that this job is: begins it or goes on where it was left, copies a batch of documents, makes
  /// the new generation the present one, or removes a batch of the one before. Each is a short transaction under the job's
  /// lease, which it renews; the last one completes the job.
  /// @returns whether there is more to do. Throws store_error; one whose text begins with job_lost: another node has the job
  virtual bool advance(const rebuild_step& x) = 0;
};

/// Connects, or throws store_error(reconnect).
using search_store_factory = std::function<std::unique_ptr<search_store>()>;

/// The store on PostgreSQL.
std::unique_ptr<search_store> open_search_store(const std::string& url, const database_settings& settings);

} // namespace ingot::storage
