#pragma once

#include "bench/faults/fault_node.hpp"
#include "bench/faults/followed_repositories.hpp"
#include "tests/support/database_outside.hpp"
#include "tests/support/github_standin/github_standin.hpp"
#include "tests/support/node.hpp"
#include "tests/support/sites.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ingot::faults {

struct world_settings {
  std::filesystem::path binary; ///< empty: as tests find it
  unsigned nodes = 1;
  std::size_t sites = 0, sources = 0, followed = 0;
  std::chrono::milliseconds lease{1'500};              ///< of jobs
  std::map<std::string, std::string> environment = {}; ///< of the nodes, over the usual
};

/// What a run is played in: PostgreSQL outside the nodes, GitHub's stand-in, and the nodes. For the thread that made it: what it
/// starts ends with it.
class fault_world {
public:
  /// All of it runs and rests when this returns: sites and sources are there, repositories are followed and synced.
  explicit fault_world(const world_settings& of);

  std::vector<std::unique_ptr<fault_node>> nodes;
  testing::github_standin standin;
  std::unique_ptr<followed_repositories> followed; ///< null: none
  std::vector<testing::test_site> sites;

  /// Of PostgreSQL itself, past every proxy.
  std::string database_url() const { return database_->url(); }

  /// Its processes end without a checkpoint, and it recovers: as `pg_ctl restart -m immediate`.
  void restart_database();

  /// Some backend of a node's. @returns 0: there is none
  pid_t some_backend(std::uint64_t any) const;

  /// What nodes store contents in.
  std::filesystem::path blobs() const { return folder_.path() / "blobs"; }
  std::filesystem::path folder() const { return folder_.path(); }

private:
  std::map<std::string, std::string> environment_of(const world_settings& of);
  void follow_all();

  testing::scratch_folder folder_;
  std::unique_ptr<testing::database_outside> database_;
};

/// The stand-in's limits, and what nodes may take of them.
inline constexpr std::int64_t requests_per_window = 2'250, window_s = 60;

} // namespace ingot::faults
