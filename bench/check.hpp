#pragma once

#include "bench/database.hpp"
#include "bench/load.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ingot::bench {

/// What the database holds of a run, against what was acknowledged. Every number but the first block's is a count of faults.
struct row_check {
  std::int64_t acks = 0;
  std::int64_t delivery_rows = 0; ///< of this run
  std::int64_t id_rows = -1;      ///< in delivery_ids; -1: there is no such table (the peer's)
  std::int64_t pull_requests = 0; ///< rows compared
  std::int64_t pipelines = 0;     ///< rows compared
  std::int64_t builds = 0;        ///< of those, status_build compared (a build of the last head was acknowledged)

  std::int64_t missing_deliveries = 0; ///< acknowledged and not there
  std::int64_t missing_ids = 0;
  std::int64_t missing_pull_requests = 0, missing_pipelines = 0;
  std::int64_t extra_rows = 0; ///< pull requests or pipelines that nothing sent speaks of
  std::int64_t wrong_head = 0, wrong_title = 0, wrong_build = 0;
  std::int64_t processed = 0; ///< rows whose processed is not FALSE

  /// Names and counts of everything that is wrong; rows beyond the acknowledgements are wrong only when every request was
  /// acknowledged.
  std::vector<std::pair<std::string, std::int64_t>> faults() const;
  bool every_request_acked = true;
};

/// Waits for nothing: call when all answers are in.
row_check check_rows(database& db, const plan& what, const load_result& result);

} // namespace ingot::bench
