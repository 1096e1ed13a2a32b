#pragma once

#include "storage/cluster.hpp"
#include "tests/support/node.hpp"

#include <optional>
#include <string>

namespace ingot::testing {

/// A database outside the nodes, which know it by DATABASE_URL.
struct database_outside {
  scratch_folder scratch;
  std::optional<storage::embedded_cluster> cluster;

  database_outside() { start(); }
  void start() { cluster.emplace(scratch.path()); }
  void stop() { cluster.reset(); }
  std::string url() const { return cluster->url(); }
};

} // namespace ingot::testing
