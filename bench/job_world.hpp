#pragma once

#include "bench/database.hpp"
#include "bench/receiver.hpp"
#include "bench/running_node.hpp"
#include "bench/work_folder.hpp"
#include "storage/cluster.hpp"
#include "tests/support/git_repository.hpp"
#include "tests/support/github_standin/github_standin.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ingot::bench {

/// One database, a stand-in for GitHub, receivers, and nodes that share them: what jobs of every kind need.
class job_world {
public:
  /// Makes it, with a followed repository, a site, a submission and a pull request. Needs the main thread (embedded_cluster).
  job_world(const std::filesystem::path& binary, const std::filesystem::path& folder);

  /// Every kind of job that a node runs.
  static const std::vector<std::string>& kinds();

  /// A node of that name, ready; the same name has the same data folder. `more` goes over the common environment.
  running_node start(const std::string& name, std::map<std::string, std::string> more = {});

  /// Gives the nodes one job of that kind that has something to do: by SQL, or by a request to the node at `port`.
  void provoke(const std::string& kind, std::uint16_t port);

  /// Are there no unfinished jobs?
  bool at_rest();

  /// Waits until there are none. @returns false after `patience`
  bool rests(std::chrono::seconds patience);

  /// What stands in each table, and by which transaction each row was written. Left out: limits of GitHub's, that any node keeps,
  /// and the seals of the audit log, whose lines are counted.
  std::map<std::string, std::string> contents();

  database& db() { return *db_; }
  receiver& receivers() { return receiver_; }
  testing::github_standin& github() { return github_; }

private:
  void prepare();
  void enqueue(const std::string& kind, const std::string& key, const std::string& payload);
  void ask(std::uint16_t port, const std::string& path, const std::string& body,
           std::vector<std::pair<std::string, std::string>> headers = {});

  std::filesystem::path binary_, folder_;
  storage::embedded_cluster cluster_;
  receiver receiver_;
  testing::github_standin github_;
  testing::bare_repository repository_;
  std::unique_ptr<database> db_;
  std::int64_t repository_id_ = 0, site_id_ = 0, submission_id_ = 0, provoked_ = 0;
  std::string site_key_;
};

} // namespace ingot::bench
