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

/// What enqueue_pushes() runs.
std::span<const named_statement> content_push_statements();

/// Queues the orders of syncs for whoever follows the branches that were pushed to: nothing for branches that nobody follows.
/// Locks the lanes of those followed: queue it late. `enqueued` becomes true once the queue has run and an order was made.
void enqueue_pushes(pipeline& db, std::span<const branch_push> pushes, bool& enqueued);

} // namespace ingot::storage
