#pragma once

#include "tests/support/sql.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ingot::testing {

/// One delivery of a load: step `number` in the life of pull request 5 of `repository`.
struct load_step {
  std::int64_t repository = 0;
  int number = 0;
  std::string id;  ///< delivery id
  std::string sha; ///< head after it
  bool acknowledged = false;
};

struct load_options {
  unsigned senders = 6;
  int repositories_per_sender = 4;            ///< a sender goes round them
  int steps_per_repository = 10;              ///< then a fresh repository takes its place
  std::chrono::milliseconds pause{2};         ///< of a sender between two deliveries
  std::chrono::milliseconds patience{10'000}; ///< for one answer; GitHub's own
  std::int64_t first_repository = 5'000'000;
};

/// Senders that behave as GitHub with somebody who redelivers: each repository's deliveries go out one after the other, and one
/// that is not acknowledged is sent again with the same id until it is.
class load {
public:
  load(std::uint16_t port, load_options options = {});

  /// finish()es.
  ~load();

  /// Every sender gets its last delivery acknowledged and ends. Deliveries that nobody takes for 30 s are left unacknowledged.
  void finish();

  /// Deliveries acknowledged so far.
  std::size_t acknowledged() const noexcept { return acknowledged_; }

  /// Answers that were no 200, and connections that broke or stayed silent.
  std::vector<std::string> refusals() const;
  std::size_t broken_connections() const noexcept { return broken_; }
  double slowest_seconds() const noexcept { return slowest_; }

  /// After finish(): all deliveries, each repository's in order.
  std::vector<load_step> steps() const;

private:
  void run(unsigned sender);
  bool send_until_acknowledged(load_step& step, const std::string& body);

  std::uint16_t port_;
  load_options options_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> acknowledged_{0};
  std::atomic<std::size_t> broken_{0};
  std::atomic<double> slowest_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> refusals_;
  std::vector<load_step> steps_;
  std::vector<std::thread> threads_;
};

/// CHECKs that `db` holds what the load got acknowledged: every delivery once and stored, nothing unknown, each repository's
/// in the order of its steps, and rows that say what the last step said, with a history that tells every step once.
void check_nothing_lost_nothing_double(sql& db, const load& done);

} // namespace ingot::testing
