#pragma once

#include "bench/load.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace ingot::bench {

/// How PostgreSQL alone is given the rows.
enum class ceiling_way : std::uint8_t {
  insert,    ///< multi-row INSERT … VALUES, prepared, binary parameters
  copy,      ///< COPY (binary); what is upserted goes through a temporary table
  insert_raw ///< as insert, but bodies as they came, compressed by PostgreSQL with lz4
};

std::string name_of(ceiling_way way);

struct ceiling_settings {
  std::string url;
  pid_t postmaster = 0;                           ///< its CPU is reported; 0: not
  unsigned connections = 2;                       ///< each takes its own repositories, so that they never wait for one another
  std::uint64_t deliveries_max = 60'000;          ///< measured
  std::uint64_t warmup_max = 20'000;              ///< written before the clock starts, as the node's warmup was
  std::vector<std::size_t> batches{32, 128, 512}; ///< deliveries in a transaction; the best counts
};

struct ceiling_result {
  ceiling_way way = ceiling_way::insert;
  double rate = 0;       ///< deliveries a second, with all rows that they lead to
  std::size_t batch = 0; ///< the best
  std::uint64_t deliveries = 0;
  double postgres_ms = 0;                               ///< CPU of PostgreSQL for each delivery
  std::vector<std::pair<std::size_t, double>> by_batch; ///< batch and rate of all that were tried
};

/// Writes the rows that `what` left (see run_load) again into copies of their tables, and measures. Each delivery comes with its
/// id; each transaction upserts the repositories, pull requests and pipelines that its deliveries speak of, whole rows as they
/// stand at the end.
std::vector<ceiling_result> measure_ceilings(const ceiling_settings& settings, const plan& what, const load_result& result);

} // namespace ingot::bench
