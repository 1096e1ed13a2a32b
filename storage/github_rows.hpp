#pragma once

#include "model/github/group.hpp"
#include "storage/pipeline.hpp"

#include <span>

/// The tables that GitHub's facts are projected into: repositories, pull_requests, pipeline_runs, commits, installations.
/// Every statement takes arrays: one a table, whatever the size of the batch.
namespace ingot::storage {

/// SQLSTATE of a write whose repository's row no longer has the version that the decision stands on (raised by
/// ingot_version_moved, migration 0002).
inline constexpr const char* version_moved = "IN001";

/// What the functions below run.
std::span<const named_statement> github_statements();

/// What was said of an installation, by which delivery, and when it arrived.
struct installation_news {
  const github::installation_event* said;
  timestamp received_at;
  const std::string* delivery_id;
};

/// Queues a lock of every row of `repositories` that `groups` and `news` may touch, in the order that all transactions keep to.
void lock_repositories(pipeline& db, std::span<github::group* const> groups, std::span<const installation_news> news);

/// Reads what `groups` lack, until nothing is missing; runs the queue. Knowledge whose version the row no longer has is dropped
/// first. @pre lock_repositories was queued with them
void load_knowledge(pipeline& db, std::span<github::group* const> groups);

/// Queues the writes of all changes, rows locked in one order. The queue fails with version_moved when a repository's row no
/// longer has the version that was decided upon. `enqueued` becomes true once the queue has run and a sync was ordered.
void write_changes(pipeline& db, std::span<github::group* const> groups, bool& enqueued);

/// Queues the writes of installations. The rows carry their own times, and the greatest wins in every order of arrival: no
/// version is needed.
void write_installations(pipeline& db, std::span<const installation_news> news);

/// Queues the writes of the repositories that installations mention; their times decide, too.
void write_mentions(pipeline& db, std::span<const installation_news> news);

/// Queues the jobs that let credentials and followed repositories follow. Locks their lanes: queue it late.
void enqueue_installation_syncs(pipeline& db, std::span<const installation_news> news);

} // namespace ingot::storage
