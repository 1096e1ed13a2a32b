#pragma once

#include "storage/pipeline.hpp"

#include <chrono>
#include <span>

/// Table `metric_days`: which days' metrics are to be counted anew.
namespace ingot::storage {

/// What mark_days_changed() runs.
std::span<const named_statement> metric_day_statements();

/// Queues the mark that something of `days` (UTC) changes in this transaction, and holds the days until it ends, together with
/// others that do the same. Queue it before the changes. The queue fails with 40001 (sql_remedy::retry) when a rollup slipped in
/// between: the second try marks the days anew.
void mark_days_changed(pipeline& db, std::span<const std::chrono::sys_days> days);

} // namespace ingot::storage
