#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// A job as operators see it. Times are the database's.
struct job_record {
  std::int64_t id = 0;
  std::string kind, key, state; ///< state: see job_state
  int priority = 0;
  int attempts = 0;
  std::string dedupe_key; ///< empty: none
  std::string payload;    ///< JSON
  std::int64_t body_bytes = 0;
  std::string result;     ///< JSON; empty: none
  std::string last_error; ///< empty: none
  std::string history;    ///< JSON array of failed attempts, the newest last
  timestamp created_at{}, updated_at{}, run_at{};
  std::optional<timestamp> lease_until; ///< while it runs
  std::optional<timestamp> finished_at;
};

/// A page of a listing, which runs from the newest to the oldest.
struct job_page {
  std::vector<job_record> items;
  std::optional<std::int64_t> next; ///< the id that a further page goes on behind
};

/// The same JSON for `ingot jobs … --json` and the admin API.
std::string job_json(const job_record& x);
std::string page_json(const job_page& x);

} // namespace ingot
