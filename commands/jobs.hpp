#pragma once

#include "commands/terminal.hpp"
#include "config/settings.hpp"
#include "model/job_record.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ingot::commands {

struct job_list_options {
  unsigned limit = 20; ///< 1 to 1000
  std::string state, kind, key;
  std::int64_t after = 0; ///< where an earlier page ended; 0: from the newest
};

/// The newest jobs, a page at a time. Throws std::runtime_error.
int list_jobs(const settings& of, const job_list_options& options, const terminal& to);

/// Everything that is known of one job.
int show_job(const settings& of, std::int64_t id, const terminal& to);

/// Makes failed or dead jobs pending again. @returns failed when one of them could not be; the others are
int retry_jobs(const settings& of, const std::vector<std::int64_t>& ids, timestamp now, const terminal& to);

/// Makes pending jobs dead letters. @returns as retry_jobs
int bury_jobs(const settings& of, const std::vector<std::int64_t>& ids, timestamp now, const terminal& to);

} // namespace ingot::commands
