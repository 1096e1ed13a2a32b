#pragma once

#include "net/http/server.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ingot::bench {

/// Whoever a node calls, but for GitHub: receivers of its webhooks, Stripe's list of events, Drupal's release histories. What
/// comes to /stall is not answered until release(). Thread-safe.
class receiver {
public:
  receiver();
  ~receiver();

  std::string url() const;

  /// Requests that wait at /stall.
  std::size_t stalled() const;
  void release();

private:
  struct application;
  std::unique_ptr<application> application_;
  std::unique_ptr<http::server> server_;
};

} // namespace ingot::bench
