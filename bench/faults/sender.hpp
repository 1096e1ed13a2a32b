#pragma once

#include "bench/faults/bodies.hpp"
#include "bench/faults/findings.hpp"
#include "bench/faults/ledger.hpp"
#include "tests/support/http_client.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ingot::faults {

/// So many requests a second in all; who is late catches up.
class pace {
public:
  explicit pace(double rate) : interval_{1.0 / rate} {}

  /// Waits for the next turn.
  void wait();

private:
  std::chrono::duration<double> interval_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> turns_{0};
};

/// Acknowledged requests that are to be sent once more, to another node. Thread-safe and bounded: what is too much is left out.
class echoes {
public:
  struct echo {
    request what;
    std::size_t node = 0;
  };
  void add(request what, std::size_t node);
  std::optional<echo> take(std::chrono::milliseconds patience);

private:
  static constexpr std::size_t waiting_max = 64;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<echo> waiting_;
};

/// What all senders of a run share.
struct traffic_board {
  run_clock clock;
  std::vector<std::uint16_t> ports; ///< of the nodes
  double again_share = 0.05;        ///< of acknowledged requests that are sent once more, half of them at the same time
  pace turns{500};
  ledger acknowledged;
  findings& found;
  echoes to_echo;

  std::atomic<bool> stopping{false};
  std::atomic<bool> giving_up{false};       ///< nothing is tried again
  std::atomic<std::uint64_t> broken{0};     ///< connections that were refused, cut, or silent for too long
  std::atomic<std::uint64_t> sent_again{0}; ///< on purpose, after an acknowledgement or beside the first
  std::atomic<std::uint64_t> retried{0};    ///< for want of an acknowledgement

  void refuse(intake of, int status);
  std::map<std::string, std::uint64_t> refusals() const; ///< by `intake status`

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> refusals_;

public:
  traffic_board(const run_clock& at, std::vector<std::uint16_t> to, double rate, findings& into)
      : clock{at}, ports{std::move(to)}, turns{rate}, found{into} {}
};

/// How one intake's requests are sent.
struct manner {
  intake of = intake::github;
  std::chrono::milliseconds patience{2'500}; ///< for an answer; then it is tried again, perhaps at another node
  bool echo = true;                          ///< may it be sent again after the next one was acknowledged?
  std::vector<int> taken{200};               ///< answers that acknowledge
};

/// One thread's connections to all nodes. A request is sent until a node acknowledges it.
class sender {
public:
  sender(traffic_board& board, std::uint64_t seed) : board_{board}, chance_{seed}, connections_(board.ports.size()) {}

  /// Sends `step` of a chain, which the ledger knows to be begun, and notes who acknowledges it.
  /// @param preferred index of the node that is asked first; the one that acknowledged afterwards
  /// @returns the answer; nothing when it was given up
  std::optional<testing::http_answer> deliver(const manner& how, std::int64_t chain, const std::function<request()>& make,
                                              std::size_t& preferred);

  /// Sends it once. @returns nothing when the connection broke
  std::optional<testing::http_answer> attempt(std::size_t node, const request& x, std::chrono::milliseconds patience);

  std::uint64_t below(std::uint64_t n) { return chance_() % n; }

private:
  std::size_t another(std::size_t node);
  void send_elsewhere_too(const manner& how, std::int64_t chain);

  traffic_board& board_;
  std::mt19937_64 chance_;
  std::vector<std::optional<testing::http_client>> connections_;
};

} // namespace ingot::faults
