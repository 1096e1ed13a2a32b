#pragma once

#include "net/http/connection.hpp"
#include "net/http/server.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ingot::http {

/// The status with which a responder of turns::enter() is told that its request may go on; any other is its refusal.
inline constexpr unsigned turn_granted = 100;

/// Lets no sender fill the node while others work with it, too. A sender that is alone goes on as it likes. While another one has
/// asked within the last seconds, so many requests of each sender, and four times as many of each address, are with the
/// application at a time; more wait for their turn, in their own order, and hold up nobody but themselves. Thread-safe.
class turns {
public:
  /// How long a sender counts as one of several after it has asked.
  static constexpr auto memory = std::chrono::seconds{10};

  /// An address may have the requests of so many senders.
  static constexpr std::size_t senders_per_address = 4;

  /// @param per_sender requests of one sender with the application at a time, while others ask; a request that weighs more than 1
  /// counts as so many
  explicit turns(std::size_t per_sender) noexcept : per_sender_{per_sender} {}

  /// @returns whether the request goes on now. If not, `make()` gives the responder that is told when it may.
  template <class Make>
  bool enter(const sender& who, std::size_t weight, steady_time now, Make make) {
    const std::lock_guard lock{mutex_};
    if (admit(who, weight, now))
      return true;
    put_behind(who, {make(), weight, now});
    return false;
  }

  /// A request that had gone on is over. @returns those that go on instead, to be told by the caller
  std::vector<responder> leave(const sender& who, std::size_t weight, steady_time now);

  /// @returns those that have waited since before `limit`; they wait no longer
  std::vector<responder> give_up(steady_time limit);

  /// Requests that wait.
  std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

private:
  struct waiter {
    responder told;
    std::size_t weight = 1;
    steady_time since;
  };

  struct tenant_requests {
    std::uint64_t id = 0;
    std::size_t held = 0;
    std::deque<waiter> waiting;
  };

  struct address_requests {
    std::size_t held = 0;
    std::deque<tenant_requests*> in_turn; ///< that have requests waiting
  };

  /// The two that asked last.
  class lately {
  public:
    void note(std::uint64_t id, steady_time now) noexcept;
    bool has_other_than(std::uint64_t id, steady_time now) const noexcept;

  private:
    std::pair<std::uint64_t, steady_time> last_{0, {}}, before_{0, {}};
  };

  static std::uint64_t address_key(const sender& who) noexcept { return who.address != 0 ? who.address : who.tenant; }
  static std::uint64_t tenant_key(const sender& who) noexcept { return who.address * 0x9E3779B97F4A7C15ull ^ who.tenant; }

  bool admit(const sender& who, std::size_t weight, steady_time now);
  void put_behind(const sender& who, waiter x);
  bool has_room(const address_requests& address, const sender& who, std::size_t weight, steady_time now) const noexcept;
  bool has_room(const tenant_requests& tenant, std::size_t weight, steady_time now) const noexcept;
  void grant(address_requests& address, const sender& who, steady_time now, std::vector<responder>& out);
  void forget_idle(std::uint64_t address, std::uint64_t tenant);

  const std::size_t per_sender_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, address_requests> addresses_; ///< holds only those with requests
  std::unordered_map<std::uint64_t, tenant_requests> tenants_;    ///< the same
  lately addresses_lately_, tenants_lately_;
  std::atomic<std::size_t> waiting_{0};
};

} // namespace ingot::http
