#pragma once

#include "net/github/connection.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace ingot::github {

/// Keep-alive connections, at most `connections_max` to one origin at a time, those in use counted. Thread-safe.
class connection_pool {
public:
  connection_pool(const tls_trust& trust, std::size_t connections_max);

  /// A connection while it is in use. What is dropped without keep() is closed.
  class lease {
  public:
    lease(connection_pool& from, const origin& at);
    lease(lease&& other) noexcept;
    lease& operator=(lease&&) = delete;
    ~lease();

    connection& operator*() const noexcept { return *use_; }
    connection* operator->() const noexcept { return use_.get(); }
    bool is_fresh() const noexcept { return fresh_; } ///< dialled for this use

    /// Gives it back for the next use, when it is good for one.
    void keep();

  private:
    friend class connection_pool;
    connection_pool* from_;
    origin at_;
    std::unique_ptr<connection> use_;
    bool fresh_ = true;
    bool public_ = false; ///< dialled with public_only
  };

  /// Waits for its turn as long as the dialling's timeout. Throws connection_failure.
  /// @param fresh not one that was used before
  lease take(const origin& at, const dialling& how, bool fresh = false);

private:
  using clock = std::chrono::steady_clock;
  struct idle_connection {
    std::unique_ptr<connection> it;
    clock::time_point since;
    bool is_public;
  };
  struct room {
    std::size_t in_use = 0;
    std::vector<idle_connection> idle; ///< the last used one at the end
  };

  bool take_idle(room& from, bool public_only, lease& into);
  void give_back(const origin& at, std::unique_ptr<connection> x, bool is_public);
  void close_old(std::vector<idle_connection>& closed);

  const tls_trust& trust_;
  const std::size_t connections_max_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::map<origin, room> rooms_;
};

} // namespace ingot::github
