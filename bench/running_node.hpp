#pragma once

#include "bench/measure.hpp"
#include "bench/processes.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include <signal.h>

namespace ingot::bench {

/// The secret and the token that nodes of benchmarks are started with.
inline constexpr const char* webhook_secret = "bench-secret";
inline constexpr const char* admin_token = "bench-admin-token";

/// The binary `ingot serve` in a data folder, with an embedded database, ready when the constructor returns.
class running_node {
public:
  running_node(const std::filesystem::path& binary, const std::filesystem::path& data_dir,
               const std::map<std::string, std::string>& environment = {});

  double ready_seconds() const { return ready_seconds_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_.pid(); }
  void stop() { process_.stop(); }
  void signal(int number) const { ::kill(pid(), number); }
  bool ended() { return process_.ended(); }

  /// Its process, its database's, and its rows.
  watched watch() const;

private:
  std::uint16_t port_;
  std::filesystem::path data_dir_;
  std::chrono::steady_clock::time_point begin_;
  child process_;
  double ready_seconds_ = 0;
};

} // namespace ingot::bench
