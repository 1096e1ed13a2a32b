#pragma once

#include "model/contents/sync_order.hpp"
#include "storage/pipeline.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace ingot::storage {

/// A push to a repository, by GitHub's id.
struct branch_push {
  std::int64_t external_id = 0;
  std::string_view delivery_id; ///< one delivery orders once
  const contents::push_news* news = nullptr;
};

/// A release of a repository, by GitHub's id.
struct told_release {
  std::int64_t external_id = 0;
  std::string_view delivery_id; ///< one delivery orders once
};

/// What enqueue_pushes() and enqueue_releases() run.
std::span<const named_statement> content_push_statements();

/// Queues the orders of syncs for whoever follows the branches that were pushed to: nothing for branches that nobody follows.
/// Locks the lanes of those followed: queue it late. `enqueued` becomes true once the queue has run and an order was made.
void enqueue_pushes(pipeline& db, std::span<const branch_push> pushes, bool& enqueued);

/// Queues looks at the manifests of those who follow the repositories of releases. What is said above holds.
void enqueue_releases(pipeline& db, std::span<const told_release> releases, bool& enqueued);

} // namespace ingot::storage
