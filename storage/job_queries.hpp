#pragma once

#include "config/settings.hpp"
#include "model/job_record.hpp"
#include "storage/audit_log.hpp"
#include "storage/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What operators do with jobs. Everything here blocks, and throws what libpqxx throws.
namespace ingot::storage {

/// Which jobs are wanted; what is empty does not restrict.
struct job_filter {
  std::string state, kind, key;
};

/// The newest jobs, behind (below) the id `after`.
job_page list_jobs(connection& db, const job_filter& filter, unsigned limit, const std::optional<std::int64_t>& after);

std::optional<job_record> find_job(connection& db, std::int64_t id);

/// Makes a failed or dead job pending again, with all its attempts: it runs when it is its key's turn. Throws refused_change.
job_record retry_job(connection& db, std::int64_t id, const operator_action& by);

/// Makes a pending job a dead letter; the next one of its key goes on. Throws refused_change.
job_record bury_job(connection& db, std::int64_t id, const operator_action& by);

/// What the metrics tell of jobs.
struct job_counts {
  std::int64_t pending = 0, running = 0, failed = 0, dead = 0;
  double oldest_due_seconds = 0; ///< of the given kinds: how long the one that waits longest has been due
};

/// Costs a scan of the lanes: not for every scrape.
job_counts count_jobs(connection& db, const std::vector<std::string>& kinds);

/// Deletes finished jobs beyond their retention, some thousand of each state; lets lanes go on whose head was deleted by hand.
/// @returns how many; 0: there are no more
long forget_jobs(connection& db, timestamp now, const retention_settings& keep);

} // namespace ingot::storage
