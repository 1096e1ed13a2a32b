#pragma once

#include "bench/faults/followed_repositories.hpp"
#include "bench/faults/sender.hpp"
#include "tests/support/sites.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ingot::faults {

/// How many senders each intake has. None: it is silent.
struct traffic_mix {
  unsigned github = 8, sites = 2, events = 3, stripe = 2, crawl = 2;
};

/// The senders of a run, each a thread. A chain is one sender's, which sends a step when the one before is acknowledged.
class traffic {
public:
  /// @param followed its pushes are sent too; null: none
  traffic(traffic_board& board, const traffic_mix& mix, std::vector<testing::test_site> sites, followed_repositories* followed);
  ~traffic();

  /// Every sender gets its last request acknowledged and ends. What nobody takes within `patience` is given up.
  void finish(std::chrono::seconds patience);

  /// Has every sender ended?
  bool quiet() const noexcept { return sending_ == 0; }

  /// Pushes come as fast as they can be made, instead of now and then.
  std::atomic<bool> many_pushes{false};

private:
  void send_github(unsigned sender_number);
  void send_site(unsigned sender_number);
  void send_events(unsigned sender_number);
  void send_stripe(unsigned sender_number);
  void send_crawl(unsigned sender_number);
  void send_pushes();
  void send_echoes(unsigned sender_number);
  bool next(sender& by, const manner& how, std::int64_t chain, const std::function<request()>& make, std::size_t& preferred);

  traffic_board& board_;
  std::vector<testing::test_site> sites_;
  followed_repositories* followed_;
  unsigned site_senders_;
  std::atomic<unsigned> sending_{0};
  std::vector<std::thread> threads_;
};

/// The first repository that a sender of GitHub's deliveries tells of.
constexpr std::int64_t first_repository(unsigned sender_number) {
  return 1'000'000'000 + std::int64_t{sender_number} * 10'000'000;
}

} // namespace ingot::faults
