#pragma once

#include "model/ip_address.hpp"
#include "net/http/connection.hpp"
#include "net/http/limits.hpp"
#include "net/http/server.hpp"
#include "net/http/turns.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

/// What all I/O threads of a server share.
struct shared_state {
  shared_state(const server_settings& s, application& a)
      : settings(s), app(a), trusted_proxies(parse_networks(s.trusted_proxies).value_or(std::vector<ip_network>{})),
        held(settings), waiting(settings.requests_per_sender_max) {}

  std::shared_ptr<asio::ssl::context> tls() const {
    const std::lock_guard lock(tls_mutex);
    return tls_context;
  }

  const server_settings settings;
  application& app;
  const std::vector<ip_network> trusted_proxies;
  limits held;
  turns waiting;
  const server* callbacks = nullptr; ///< on_answer and on_refusal; set by start()
  mutable std::mutex tls_mutex;
  std::shared_ptr<asio::ssl::context> tls_context; ///< null: plain
};

class mailbox;

/// One event loop: its acceptor, its connections, one timer for all of their deadlines.
class io_thread {
public:
  /// `acceptor` listens already.
  io_thread(shared_state& shared, std::shared_ptr<asio::io_context> context, tcp_acceptor acceptor);
  ~io_thread();

  /// Serves until stop(). The calling thread is the I/O thread.
  void run();

  /// From any thread: takes what has been accepted, then no more; idle connections end after drain_idle, busy ones with their
  /// answer.
  /// `when_empty` is called on the I/O thread once none is left.
  void drain(std::function<void()> when_empty);

  /// From any thread: ends every connection; run() returns.
  void stop();

  // What a session needs of its thread.
  shared_state& shared() noexcept { return shared_; }
  bool draining() const noexcept { return draining_; }
  /// Draining, and idle connections are not kept any longer.
  bool idle_ends() const noexcept { return idle_ends_; }
  std::string_view date();
  std::string next_request_id();
  responder make_responder(connection& of);

  /// A request was handled: the application learns of the turn's end, behind all that is ready now.
  void handled();
  void refused(const connection& by, fault why, std::string_view reason);

  /// The end of `c`, which is destroyed.
  void release(connection& c) noexcept;

private:
  friend class mailbox;

  struct entry {
    std::unique_ptr<connection> held;
    std::uint32_t serial = 0; ///< of the request whose answer is awaited; others come too late
  };

  void accept();
  void on_accept(boost::system::error_code ec, tcp_socket socket);
  void accept_later();
  void accept_rest();
  void end_idle();
  void adopt(tcp_socket socket, const tcp::endpoint& peer);
  void turn_away(tcp_socket& socket, const std::string& address);
  void sweep();
  void tell_when_empty();
  entry* find(std::uint64_t ticket) noexcept;
  bool answer_now(std::uint64_t ticket, std::optional<response>& what) noexcept;
  void answer_later(std::uint64_t ticket, std::optional<response>& what) noexcept;

  shared_state& shared_;
  std::shared_ptr<asio::io_context> context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp_acceptor acceptor_;
  tcp::endpoint peer_; ///< of the connection that is being accepted
  asio::steady_timer sweep_timer_;
  asio::steady_timer accept_timer_;
  asio::steady_timer idle_timer_; ///< of a drain
  std::chrono::milliseconds sweep_interval_;
  std::shared_ptr<mailbox> mailbox_;
  std::vector<entry> connections_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t live_ = 0;
  bool draining_ = false;
  bool idle_ends_ = false;
  bool stopped_ = false;
  bool turn_ends_ = false; ///< it is on its way
  std::function<void()> when_empty_;
  std::string date_;
  std::time_t date_second_ = -1;
  std::string id_prefix_;
  std::uint64_t requests_ = 0;
};

/// A session on `socket` (session.cpp). It releases itself from `owner` at its end.
std::unique_ptr<connection> make_session(io_thread& owner, tcp_socket socket);
std::unique_ptr<connection> make_tls_session(io_thread& owner, tcp_socket socket, std::shared_ptr<asio::ssl::context> tls);

} // namespace ingot::http
