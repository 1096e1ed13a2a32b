#pragma once

#include <string_view>

namespace ingot {

/// For crash tests only: INGOT_FAILPOINT=name:n kills the process with SIGKILL when it passes `name` the n-th time.
/// Costs one load of a static otherwise. Names: before_commit, during_commit (sent and not answered),
/// after_commit, before_spool_commit, after_spool_commit,
/// before_drain_commit, after_drain_commit, search_step (of a rebuild, before its COMMIT),
/// rollup_counted (a day), rollup_before_commit, rollup_written (and the days not released),
/// nightly_batch_recorded, sweep_rows_gone, sweep_objects_gone (and the rows that name them not).
void failpoint(std::string_view name) noexcept;

} // namespace ingot
