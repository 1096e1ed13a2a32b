#pragma once

#include "model/github/decide.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

// The tables in memory: applies change sets as the SQL does, and drives deliveries through decide() as REPOSITORY and WRITER do.

namespace ingot::github::test {

struct pull_request_row {
  pull_request_snapshot columns;
  std::string state, commit_urls, history, facts, files_changed;
  std::optional<timestamp> merged_at, closed_at;
  std::optional<pull_request_counts> counts;
  timestamp source_updated_at{};
  bool processed = false;
};

struct pipeline_row {
  std::string commit_sha, author, avatar_url, title, status_pr, status_build, status_approval, status_merge, history, facts;
  timestamp source_updated_at{};
  bool processed = false;
};

struct tables {
  std::int64_t version = 0; ///< 0: no row
  repository_snapshot repository;
  std::int64_t open_prs = 0, total_prs = 0;
  std::optional<timestamp> last_activity;
  std::optional<std::int64_t> installation_id;
  bool deleted = false;
  std::string repository_facts;
  std::map<std::int64_t, pull_request_row> pull_requests;
  std::map<std::int64_t, pipeline_row> pipelines;
  std::map<std::string, std::string> commits;
  std::map<std::string, new_job> jobs; ///< by dedupe key

  /// Applies `x` as one transaction; throws std::logic_error when it contradicts the rows (version, is_new).
  void commit(const change_set& x);
  /// Loads what is missing, in at most three rounds.
  void load(const missing& lacks, knowledge& known) const;
  /// All that a reader of the tables sees, and the facts when `with_facts`. Without processed, updated_at and jobs.
  std::string text(bool with_facts = true) const;
  /// As the poller: sets processed everywhere.
  void process_all();
};

struct arrival {
  std::string id;
  event what;
};

/// Decides `xs` in order as one group on `known`, and commits.
change_set apply(tables& rows, knowledge& known, const std::vector<arrival>& xs);

/// One group that starts with nothing known.
change_set apply(tables& rows, const std::vector<arrival>& xs);

/// The tables after the groups, each loaded afresh.
tables applied(const std::vector<std::vector<arrival>>& groups);

} // namespace ingot::github::test
