#pragma once

#include "bench/check.hpp"
#include "bench/json_line.hpp"
#include "bench/load.hpp"

#include <optional>
#include <string>

#include <sys/types.h>

namespace ingot::bench {

/// Whose CPU and memory are measured while the load runs; 0: not.
struct watched {
  pid_t server = 0;
  bool server_has_workers =
      false;                ///< its children count as the server (the peer's cluster); else they do not (the node's PostgreSQL)
  pid_t postmaster = 0;     ///< with all its children
  std::string database_url; ///< where the rows are checked afterwards; empty: not
};

/// One run of the load with what it cost.
struct measurement {
  std::string name;
  load_settings load;
  plan_settings planned;
  load_result result;
  double server_ms = 0, postgres_ms = 0, generator_ms = 0; ///< CPU for each ack
  double rss_peak_mb = 0, rss_mb = 0;                      ///< of the server, when the load ended
  std::optional<row_check> rows;

  /// Acks for each CPU second of server and PostgreSQL.
  double acks_per_cpu_second() const;
  bool sound() const;

  json_line json() const;
  /// A few readable lines.
  std::string text() const;
};

/// Runs the load against a server that is ready.
measurement measure(std::string name, const load_settings& load, const plan& what, const watched& who);

} // namespace ingot::bench
