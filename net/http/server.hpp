#pragma once

#include "config/settings.hpp"
#include "model/time.hpp"
#include "net/http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::http {

/// Takes the answers of requests. The server has one for each I/O thread; a test of routes may bring its own.
struct answer_sink {
  virtual ~answer_sink() = default;

  /// Called once a ticket, from any thread. Nothing: whoever was to answer has died.
  virtual void answer(std::uint64_t ticket, std::optional<response> what) noexcept = 0;
};

/// Ends one request; callable once, from any thread. Dropping it unanswered answers 503 `lost`.
/// It may outlive the server; then it does nothing.
class responder {
public:
  responder(std::shared_ptr<answer_sink> sink, std::uint64_t ticket) noexcept;
  responder(responder&&) noexcept = default;
  responder& operator=(responder&& other) noexcept;
  ~responder();

  /// Sends `what` on its way and returns at once. A second call does nothing.
  void operator()(response what) noexcept;

private:
  std::shared_ptr<answer_sink> sink_;
  std::uint64_t ticket_;
};

/// Gives an answer's body while it is sent, so that no more of it is held than one piece: the next one is asked for when the peer
/// has taken the one before. Dropped when the answer is over, or its peer gone; a piece that comes after that is thrown away.
class body_source {
public:
  virtual ~body_source() = default;

  /// Called on an I/O thread, one piece at a time; must not block. The piece is the body of what `to` is called with. A piece
  /// that is empty or beyond what was announced, or none at all (`to` is dropped), cuts the connection: the status is on its way
  /// already. A body of unknown_length ends with an empty piece.
  virtual void next(responder to) = 0;
};

/// Whose request it is, as far as its head tells: hashes, so that whoever sends the same twice is the same sender.
struct sender {
  std::uint64_t address = 0; ///< 0: known by what it shows, wherever it comes from
  std::uint64_t tenant = 0;  ///< 0: takes no turn
};

/// What a route says of a request before its body is read.
struct admission {
  std::size_t body_bytes_max = 0;       ///< 0: a body is refused (413) unless empty; the server's own limit holds too
  std::optional<response> refusal = {}; ///< answered at once; the connection ends when a body is announced and not yet here
  std::vector<field> fields = {};       ///< further ones of its answer, whoever gives it
  sender from = {};                     ///< whose turn it takes (turns.hpp)
};

/// What the server serves. Called on I/O threads; must not block.
struct application {
  virtual ~application() = default;

  /// Judges the head: route, method, content type, body limit.
  virtual admission admit(const request_head& head) = 0;

  /// Handles a whole request; `done` may be called now or later from any thread, and costs least when called now.
  virtual void handle(request req, responder done) = 0;

  /// Called on an I/O thread once it has handled all requests that were ready: work that handle() put aside goes on together.
  virtual void end_turn() {}
};

/// What the server counts; read by metrics. All relaxed atomics inside.
struct server_counts {
  std::size_t connections = 0;
  std::size_t requests_in_flight = 0; ///< admitted and not yet answered
  std::size_t bytes_in_flight = 0;    ///< memory of the bodies of those
  std::size_t requests_waiting = 0;   ///< of the requests in flight: for their sender's turn
};

/// An HTTP/1.1 server on Asio: keep-alive, pipelining (answers in order), TLS, strict framing, deadlines, caps.
/// A connection lives on one of the I/O threads from its first byte to its last.
class server {
public:
  /// Binds and listens. Throws std::system_error when the address is none or taken, std::runtime_error for a bad certificate.
  server(const server_settings& settings, application& app);
  ~server();

  /// Starts settings.io_threads threads that serve until stop().
  void start();

  /// The port that is listened on (settings.port may be 0).
  std::uint16_t port() const noexcept;

  /// Stops accepting, lets requests in flight finish within drain_timeout, closes idle connections, joins the threads. Each
  /// answer from now on ends its connection. Idle connections are kept for drain_idle: a proxy that keeps some may have a request
  /// on its way, which it could not send again. Blocks; a stop() from another thread ends it.
  void drain();

  /// Closes everything now and joins the threads. Not to be called on an I/O thread.
  void stop();

  /// Loads the certificate again (SIGHUP); connections that stand keep theirs. @returns what was wrong, empty if fine
  std::string reload_tls();

  /// When the certificate ends that new connections get; nothing without TLS.
  std::optional<timestamp> certificate_end() const;

  server_counts counts() const noexcept;

  /// Called on an I/O thread after each answer to a request whose head passed: the head without its fields, the status,
  /// the fault that the answer tells of, if any, and the seconds from the end of the head to the answer's last byte. Set before
  /// start().
  std::function<void(const request_head&, unsigned status, fault why, double seconds)> on_answer;

  /// Called on an I/O thread for each refusal of the server's own (framing, limit, cap) and each slow sender or reader
  /// that is cut, with a constant sentence. An idle connection that ends is none. Set before start().
  std::function<void(std::string_view remote_address, fault why, std::string_view reason)> on_refusal;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ingot::http
