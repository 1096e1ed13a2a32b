#pragma once

#include <string_view>

namespace ingot {

/// For crash tests only: INGOT_FAILPOINT=name:n kills the process with SIGKILL when it passes `name` the n-th time;
/// name:n:stop stops it with SIGSTOP there instead, until somebody continues it.
/// Costs one load of a static otherwise.
///
/// Names, by who passes them:
/// - a transaction of an intake: before_commit, during_commit (sent and not answered), after_commit
/// - the spool: before_spool_commit, after_spool_commit, before_drain_commit, after_drain_commit
/// - a rebuild of the search: search_step (before its COMMIT)
/// - a rollup: rollup_counted (a day), rollup_before_commit, rollup_written (and the days not released)
/// - a repository's sync: contents_before_flush, contents_blobs_kept, contents_before_write, contents_written
/// - a nightly run: nightly_batch_recorded
/// - the sweep of contents: sweep_rows_gone, sweep_objects_gone (and the rows that name them not)
void failpoint(std::string_view name) noexcept;

/// The same with the name `family` + `member`, which is put together only where one is armed. fence_<kind>: a job of this kind is
/// about to name its lease, in the transaction of its effect or with its completion.
void failpoint(std::string_view family, std::string_view member) noexcept;

} // namespace ingot
