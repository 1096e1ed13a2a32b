#pragma once

#include "net/http/server.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ingot::testing {

/// What the tests of the server serve:
/// GET /get → `{}`; GET /big → 32 MB; POST /post → its body's size; POST /limited → the same, up to 1000 bytes;
/// POST /hold → nothing until the test answers; POST /drop → its responder is dropped; POST /throw → an exception;
/// POST /thread → answered from another thread; POST /refuse → 401 before the body; GET /stream → stream_of_head.
/// A request with X-Sender takes the turns of that sender.
class test_application final : public http::application {
public:
  ~test_application() override;

  http::admission admit(const http::request_head& head) override;
  void handle(http::request req, http::responder done) override;

  /// Waits until `count` requests are held, then gives them up.
  std::vector<http::responder> take_held(std::size_t count);
  /// All requests that came to handle(), in order.
  std::vector<http::request> seen() const;
  /// All paths that came to admit().
  std::vector<std::string> paths() const;

  /// What GET /stream is answered with, once. Set before the request.
  http::response stream_of_head;

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> paths_;
  std::vector<http::request> seen_;
  std::vector<http::responder> held_;
  std::vector<std::thread> threads_;
};

/// Collects what a server reports, and waits for it. It must outlive the server.
class refusal_log {
public:
  using line = std::pair<fault, std::string>;

  void listen_to(http::server& of);
  /// Waits up to 20 s until `count` refusals with `why` have come. @returns whether they did
  bool wait_for(fault why, std::size_t count = 1);
  std::vector<line> lines() const;

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<line> lines_;
};

/// A server with its application, serving.
struct serving {
  explicit serving(const server_settings& settings);
  test_application app;
  refusal_log refusals;
  http::server server;
};

/// Loopback, a free port, and deadlines that nobody meets by accident.
server_settings test_settings();

/// Waits up to 20 s until `holds`. For states that a server reaches by itself and does not tell.
bool eventually(const std::function<bool()>& holds);

http::response ok(std::string body = "{}");

} // namespace ingot::testing
