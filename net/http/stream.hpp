#pragma once

#include "net/http/connection.hpp"
#include "net/http/io_thread.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace ingot::http {

using boost::system::error_code;

struct io_result {
  error_code ec;
  std::size_t size = 0;
};

/// What every awaited operation on a socket shares. Plain pointers only: g++ 12 miscompiles temporaries with destructors
/// in co_await expressions.
class io_awaiter {
public:
  explicit io_awaiter(const cut& state) noexcept : state_(&state) {}

  /// A connection that was stopped starts nothing any more: nobody would wake it.
  bool await_ready() noexcept {
    if (*state_ != cut::stop)
      return false;
    result_.ec = asio::error::operation_aborted;
    return true;
  }
  io_result await_resume() const noexcept { return result_; }

protected:
  struct resume {
    io_awaiter* of;
    void operator()(error_code ec, std::size_t size = 0) const {
      of->result_ = {ec, size};
      of->self_.resume();
    }
  };
  resume on_completion(std::coroutine_handle<> self) noexcept {
    self_ = self;
    return {this};
  }

private:
  const cut* state_;
  std::coroutine_handle<> self_;
  io_result result_;
};

template <class Stream>
class read_awaiter : public io_awaiter {
public:
  read_awaiter(const cut& state, Stream& stream, asio::mutable_buffer into) noexcept
      : io_awaiter(state), stream_(&stream), into_(into) {}
  void await_suspend(std::coroutine_handle<> self) { stream_->async_read_some(into_, on_completion(self)); }

private:
  Stream* stream_;
  asio::mutable_buffer into_;
};

template <class Stream>
class write_awaiter : public io_awaiter {
public:
  write_awaiter(const cut& state, Stream& stream, asio::const_buffer from) noexcept
      : io_awaiter(state), stream_(&stream), from_(from) {}
  void await_suspend(std::coroutine_handle<> self) { stream_->async_write_some(from_, on_completion(self)); }

private:
  Stream* stream_;
  asio::const_buffer from_;
};

/// TCP as it is.
class plain_stream {
public:
  using next = tcp_socket;
  static constexpr bool has_handshake = false;

  explicit plain_stream(tcp_socket socket) noexcept : socket_(std::move(socket)) {}

  next& layer() noexcept { return socket_; }
  tcp_socket& socket() noexcept { return socket_; }
  void cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
  }

  /// What can be written without waiting, mostly all: it saves a round through the event loop.
  std::size_t write_now(std::string_view text) noexcept {
    error_code ec;
    const auto size = socket_.write_some(asio::buffer(text.data(), text.size()), ec);
    return ec ? 0 : size;
  }

private:
  tcp_socket socket_;
};

/// TLS over TCP.
class tls_stream {
public:
  using next = asio::ssl::stream<tcp_socket>;
  static constexpr bool has_handshake = true;

  tls_stream(tcp_socket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::make_unique<next>(std::move(socket), *context_)) {}

  next& layer() noexcept { return *stream_; }
  tcp_socket& socket() noexcept { return stream_->next_layer(); }
  void cancel() noexcept {
    error_code ignored;
    socket().cancel(ignored);
  }
  std::size_t write_now(std::string_view) const noexcept { return 0; }

private:
  std::shared_ptr<asio::ssl::context> context_; ///< the certificate that this connection began with
  std::unique_ptr<next> stream_;
};

class handshake_awaiter : public io_awaiter {
public:
  handshake_awaiter(const cut& state, tls_stream& stream) noexcept : io_awaiter(state), stream_(&stream) {}
  void await_suspend(std::coroutine_handle<> self) {
    stream_->layer().async_handshake(asio::ssl::stream_base::server, on_completion(self));
  }

private:
  tls_stream* stream_;
};

/// Says goodbye in TLS (close_notify) and waits for the other side's.
class goodbye_awaiter : public io_awaiter {
public:
  goodbye_awaiter(const cut& state, tls_stream& stream) noexcept : io_awaiter(state), stream_(&stream) {}
  void await_suspend(std::coroutine_handle<> self) { stream_->layer().async_shutdown(on_completion(self)); }

private:
  tls_stream* stream_;
};

} // namespace ingot::http
