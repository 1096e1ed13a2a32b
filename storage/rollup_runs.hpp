#pragma once

#include "config/settings.hpp"
#include "model/job.hpp"
#include "model/rollup/order.hpp"
#include "model/rollup/run.hpp"
#include "storage/connection.hpp"
#include "storage/pipeline.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Table rollup_runs: which rollups were asked for, and how far they are. All of it blocks, and throws what libpqxx throws, or
/// statement_error.
namespace ingot::storage {

/// Kind and key of the job that does a rollup; by its key one runs at a time over all nodes.
inline constexpr const char* rollup_job_kind = "rollup";

/// What became of the wish for a rollup.
struct rollup_start {
  std::int64_t run_id = 0; ///< of the rollup that was begun, or of the one that is in its way; 0: of neither
  bool begun = false;
};

/// Begins a rollup, its run and its job in one transaction, unless another one is unfinished. A run whose job is over (dead,
/// buried, deleted) is closed first and stands in nobody's way.
/// @param period not empty: begun once for each period, whoever asks
rollup_start start_rollup(const std::string& url, const database_settings& settings, const rollup_order& order,
                          std::string_view period = {});

std::optional<rollup_run> find_rollup(connection& db, std::int64_t id);

/// The newest runs.
std::vector<rollup_run> list_rollups(connection& db, unsigned limit);

/// An attempt at the job under `lease` begins. @returns what is to be rolled up; nothing when the job is no run's, or the lease
/// is lost
std::optional<rollup_order> begin_rollup_attempt(connection& db, const job_lease& lease);

/// Notes why the attempt failed, unless its lease is lost. @param for_good the run is over
void note_rollup_failure(connection& db, const job_lease& lease, const std::string& error, bool for_good);

/// What the functions below run.
std::span<const named_statement> rollup_run_statements();

/// Queues the news that the run of this job does `step`. Nothing is noted once the lease is lost.
void note_rollup_progress(pipeline& db, const job_lease& lease, std::string_view step, std::size_t done, std::size_t total);

/// Queues the end of the run. @param counts JSON
void note_rollup_success(pipeline& db, const job_lease& lease, std::string_view counts);

} // namespace ingot::storage
