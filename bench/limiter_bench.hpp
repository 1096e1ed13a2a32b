#pragma once

namespace ingot::bench {

struct limiter_bench_settings {
  int permits = 1'000'000; ///< granted in each run
};

/// Measures how many permits the rate limiter grants in a second: the decision alone with few and with many repositories that
/// wait, the RATE LIMITER actor, and threads that block for each of theirs. Prints a table. @returns whether 100,000 a second are
/// granted by the first two
bool run_limiter_bench(const limiter_bench_settings& settings);

} // namespace ingot::bench
