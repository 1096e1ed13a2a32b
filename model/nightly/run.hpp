#pragma once

#include "model/fault.hpp"
#include "model/job.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::nightly {

/// The kind of the job that does a run, and of the one that tells of an alert.
inline constexpr const char* run_kind = "nightly_run";
inline constexpr const char* alert_kind = "nightly_alert";

/// What a run is to do.
struct run_order {
  bool full = false;                           ///< sync every repository anew, moved or not
  std::string parts = "content metadata";      ///< of content, metadata, manifest, readme, with blanks between
  std::vector<std::string> repositories;       ///< `owner/name` or `owner/*`, any case; none: all that are followed
  std::optional<timestamp> scheduled_for = {}; ///< nothing: by hand

  bool has(std::string_view part) const;
};

inline constexpr std::size_t order_repositories_max = 100;

/// Reads `{"depth","parts","repositories"}`; what is absent is as `usual` has it.
std::variant<run_order, failure> parse_run_order(std::string_view body, const run_order& usual);

/// Is `text` a list of parts, each once, with blanks between?
bool are_parts(std::string_view text);

/// A run, as far as it is.
struct run {
  std::int64_t id = 0, job_id = 0;
  std::optional<timestamp> scheduled_for;
  std::string depth, parts, state; ///< state: running, succeeded, failed, cancelled
  bool cancel_requested = false;
  std::int64_t repositories = 0, unchanged = 0, changed = 0, failed = 0;
  std::string drift = "{}"; ///< JSON: counts by kind
  std::int64_t requests = 0, not_modified = 0, points = 0;
  std::vector<std::string> alerts;
  std::string error;
  std::optional<timestamp> created_at, progress_at, finished_at;

  bool over() const { return state != "running"; }
};

std::string run_json(const run& x);

/// A repository that a run changed, or failed at.
struct item {
  std::int64_t repository_id = 0, job_id = 0;
  std::string name, state, reason;
  std::vector<std::string> drift;
};

std::string item_json(const item& x);

/// A followed repository as the node knows it and as the provider has it.
struct state_of_repository {
  std::string owner, name, default_branch;
  bool is_private = false, archived = false;
};

/// Where they differ: renamed, visibility, archived, default_branch.
std::vector<std::string> drift_between(const state_of_repository& known, const state_of_repository& found);

/// Bounds past which a run is told of.
struct alert_rules {
  unsigned failed_percent_max = 5;
  std::chrono::milliseconds run_time_max{21'600'000};
};

/// Which rules a run breaks at `now`: failed_share, too_long. One that is under way breaks the first only when it is over.
std::vector<std::string> broken_rules(const run& x, const alert_rules& rules, timestamp now);

/// The job that tells of an alert, once for each run and rule.
new_job alert_job(const run& x, std::string_view rule);

} // namespace ingot::nightly
