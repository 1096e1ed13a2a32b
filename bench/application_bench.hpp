#pragma once

#include <filesystem>
#include <string>

namespace ingot::bench {

struct application_bench_settings {
  std::filesystem::path node; ///< the binary `ingot`
  std::filesystem::path peer; ///< folder of the peer, with node_modules; empty: not run
  std::filesystem::path work_dir;
  double seconds = 8;        ///< of each run
  unsigned connections = 32; ///< with 100 events a request and fewer
  long rollup_events = 10'000'000;
};

/// Application events: 1, 10, 100 and 1,000 a request; the peer at 1 and 100; and COPY of the same rows. @returns whether every
/// answer was 200
bool run_event_bench(const application_bench_settings& settings);

/// Stripe's webhook, and the peer's.
bool run_stripe_bench(const application_bench_settings& settings);

/// Crawl items: all new, unchanged, some changed; and COPY of the same rows.
bool run_crawl_bench(const application_bench_settings& settings);

/// A rollup of a week of events that COPY generated, the next day's, and bench/rollup_by_hand.sql through psql for both.
bool run_rollup_bench(const application_bench_settings& settings);

} // namespace ingot::bench
