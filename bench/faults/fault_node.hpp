#pragma once

#include "bench/faults/fault_script.hpp"
#include "bench/faults/shim_control.hpp"
#include "bench/faults/tcp_proxy.hpp"
#include "tests/support/node.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace ingot::faults {

/// How a life ended.
enum class ending : std::uint8_t {
  at_point,  ///< of its failpoint
  missed,    ///< of SIGKILL in good time: it did not pass its failpoint
  at_random, ///< of SIGKILL, as its script wanted
  by_disk,   ///< of a torn write, or by itself because its disk is full or cannot be relied on
  by_itself, ///< of nothing that the run did: a finding
};

/// A node that lives one life after the other in one folder, with a proxy before its database and a disk of ours under its spool.
/// For the thread that made it.
class fault_node {
public:
  using clock = std::chrono::steady_clock;

  /// @param database socket of PostgreSQL. The node's DATABASE_URL leads to the proxy.
  fault_node(testing::node_options options, const std::string& database);

  /// SIGKILL, if it still lives.
  ~fault_node();

  bench::tcp_proxy proxy;

  /// Starts it, and waits for nothing.
  void begin(const life& x);

  /// Looks whether it lives, continues it when its pause is over and kills it when its patience is.
  /// @returns how it ended, once for each life
  std::optional<ending> look();

  /// SIGKILL now. look() tells of it as at_random.
  void kill();

  /// SIGKILL now, and what its spool had not synced is gone by its next life, as `seed` says.
  void cut_power(std::uint64_t seed);

  /// The database is away until then; what says so last and longest counts.
  void take_database_away(clock::time_point until);

  /// SIGSTOP for so long; nothing when it is stopped already.
  void stop(std::chrono::milliseconds length);

  /// Its disk may be its end from now on, or no longer.
  void expect_death_by_disk(bool on) noexcept { deaths_by_disk_ += on ? 1 : -1; }

  const life& current() const noexcept { return life_; }
  bool living() const noexcept { return living_; }
  std::uint16_t port() const noexcept { return process_.port(); }
  testing::node& process() noexcept { return process_; }
  bench::shim_control& disk() noexcept { return *disk_; }
  clock::duration age() const { return clock::now() - began_; }

  /// Its wait status when it ended by itself.
  int status() const noexcept { return status_; }

  /// Times that it was stopped at a failpoint and went on.
  unsigned stops_at_points() const noexcept { return stops_at_points_; }

private:
  bool stopped() const;
  void steer_database();

  testing::node process_;
  std::optional<bench::shim_control> disk_;
  std::optional<std::uint64_t> power_cut_;
  clock::time_point away_until_{};
  bool away_ = false;
  life life_;
  clock::time_point began_{}, ends_at_{}, continue_at_{};
  bool living_ = false, kill_sent_ = false, pausing_ = false, stop_seen_ = false;
  int deaths_by_disk_ = 0; ///< faults of its disk that may be the end of it; several at a time
  int status_ = 0;
  unsigned stops_at_points_ = 0;
};

} // namespace ingot::faults
