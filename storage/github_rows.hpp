#pragma once

#include "model/github/group.hpp"
#include "storage/connection.hpp"

#include <span>
#include <vector>

namespace ingot::storage {

/// The tables that GitHub's facts are projected into: repositories, pull_requests, pipeline_runs, commits, installations.
/// Every statement takes arrays: one round trip a table, whatever the size of the batch.
class github_rows {
public:
  explicit github_rows(connection& db);

  /// Locks the repositories' rows and reads what `groups` lack, until nothing is missing. Knowledge whose version the row no
  /// longer has is dropped first.
  void load(pqxx::transaction_base& tx, std::span<github::group* const> groups);

  /// Writes the repositories' rows whose version is still the one that the decision stands on, and locks them thereby.
  /// @returns the groups whose version another transaction moved: they must be loaded and decided again
  std::vector<github::group*> write_repositories(pqxx::transaction_base& tx, std::span<github::group* const> groups);

  /// Writes everything else. @pre every group's repository was written in this transaction
  void write_rest(pqxx::transaction_base& tx, std::span<github::group* const> groups);

  /// Writes installations; they carry their own time in the WHERE, so no version is needed.
  void write_installations(pqxx::transaction_base& tx, std::span<const github::installation_event* const> events);

private:
  void load_repositories(pqxx::transaction_base& tx, std::span<github::group* const> groups);
  bool load_missing(pqxx::transaction_base& tx, std::span<github::group* const> groups);
};

} // namespace ingot::storage
