#pragma once

#include "config/settings.hpp"
#include "net/http/message.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace ingot::http {

/// Ends one request; callable once, from any thread. Dropping it unanswered answers 503 `lost`.
class responder {
public:
  struct impl;
  explicit responder(std::unique_ptr<impl> x) noexcept;
  responder(responder&&) noexcept;
  responder& operator=(responder&&) noexcept;
  ~responder();

  void operator()(response answer);

private:
  std::unique_ptr<impl> impl_;
};

/// What a route says of a request before its body is read.
struct admission {
  std::size_t body_bytes_max = 0;      ///< 0: a body is refused (413) unless empty
  std::optional<response> refusal;     ///< answered at once; the connection closes when a body is announced
};

/// What the server serves. Called on I/O threads; must not block.
struct application {
  virtual ~application() = default;

  /// Judges the head: route, method, content type, body limit.
  virtual admission admit(const request_head& head) = 0;

  /// Handles a whole request; `done` may be called now or later from any thread.
  virtual void handle(request req, responder done) = 0;
};

/// What the server counts; read by metrics. All relaxed atomics inside.
struct server_counts {
  std::size_t connections = 0;
  std::size_t requests_in_flight = 0;
  std::size_t bytes_in_flight = 0;
};

/// An HTTP/1.1 server on Asio and Beast: keep-alive, pipelining (answers in order), TLS, strict framing, deadlines, caps.
class server {
public:
  /// Binds and listens. Throws std::system_error when the address is taken, std::runtime_error for a bad certificate.
  server(const server_settings& settings, application& app);
  ~server();

  /// Starts settings.io_threads threads that serve until stop().
  void start();

  /// The port that is listened on (settings.port may be 0).
  std::uint16_t port() const noexcept;

  /// Stops accepting, lets requests in flight finish within drain_timeout, closes idle connections, joins the threads.
  void drain();

  /// Closes everything now.
  void stop();

  /// Loads the certificate again (SIGHUP); connections that stand keep theirs. @returns what was wrong, empty if fine
  std::string reload_tls();

  server_counts counts() const noexcept;

  /// Called after each answer: head, status, seconds from the end of the head to the answer's last byte. Set before start().
  std::function<void(const request_head&, unsigned status, double seconds)> on_answer;

  /// Called for each framing refusal, cut or cap, with its reason. Set before start().
  std::function<void(std::string_view remote_address, fault why, std::string_view reason)> on_refusal;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::http
