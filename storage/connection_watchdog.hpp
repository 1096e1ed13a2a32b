#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace ingot::storage {

/// Shuts sockets whose deadline has passed. One thread serves the process; it sleeps until the earliest deadline.
class connection_watchdog {
public:
  using clock = std::chrono::steady_clock;
  static constexpr clock::time_point never = clock::time_point::max();

  /// One watched socket. Holds a duplicate of its descriptor: libpq closes its own whenever the server hangs up, and the number
  /// may by then belong to another connection.
  class entry {
  public:
    explicit entry(int socket);
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    /// Shut the socket at `expiry` (`never`: leave it alone). @returns the expiry that it replaces. Does not allocate.
    clock::time_point arm(clock::time_point expiry) noexcept;

    /// Was it shut?
    bool expired() const noexcept;

  private:
    friend class connection_watchdog;
    int socket_;
    clock::time_point expiry_ = never;
    bool expired_ = false;
  };

  /// While it lives, its entry must not be waited for beyond `limit` from its beginning. One inside another replaces it until its
  /// own end.
  class deadline {
  public:
    deadline(entry& watched, std::chrono::milliseconds limit) : watched_{watched}, outer_{watched.arm(clock::now() + limit)} {}
    ~deadline() { watched_.arm(outer_); }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

  private:
    entry& watched_;
    clock::time_point outer_; ///< expiry of the one around it
  };

private:
  static connection_watchdog& instance();
  connection_watchdog();
  void run() noexcept;
  clock::time_point shut_overdue(clock::time_point now) noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<entry*> entries_; ///< a handful: writers and readers
  clock::time_point wakes_at_ = never;
};

} // namespace ingot::storage
