#pragma once

#include "tests/support/node.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ingot::testing {

/// A real nginx in front of nodes, with the rules of packaging/nginx.conf, as a child process on a port of its own.
class nginx {
public:
  /// Null, with a warning that says why, when there is no nginx: neither Debian's package nor the one that ./dev unpacks.
  static std::unique_ptr<nginx> start(const std::vector<std::uint16_t>& nodes);

  ~nginx();
  nginx(const nginx&) = delete;
  nginx& operator=(const nginx&) = delete;

  std::uint16_t port() const noexcept { return port_.port(); }

  /// Requests that more than one node was asked for.
  std::size_t asked_again() const;

  /// What it complained about.
  std::string errors() const;

private:
  nginx() = default;

  scratch_folder folder_;
  port_lease port_;
  int process_ = -1;
};

} // namespace ingot::testing
