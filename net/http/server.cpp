#include "net/http/server.hpp"

#include "net/http/io_thread.hpp"
#include "net/http/tls.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <algorithm>
#include <condition_variable>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace ingot::http {

namespace {

using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

tcp_acceptor bind_to(asio::io_context& context, const tcp::endpoint& at, bool share_port) {
  tcp_acceptor acceptor(context);
  acceptor.open(at.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  if (share_port)
    acceptor.set_option(reuse_port(true));
  if (at.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(false));
  acceptor.bind(at);
  return acceptor;
}

} // namespace

responder::responder(std::shared_ptr<answer_sink> sink, std::uint64_t ticket) noexcept
    : sink_(std::move(sink)), ticket_(ticket) {}

responder& responder::operator=(responder&& other) noexcept {
  if (this != &other) {
    if (sink_)
      sink_->answer(ticket_, std::nullopt);
    sink_ = std::move(other.sink_);
    ticket_ = other.ticket_;
  }
  return *this;
}

responder::~responder() {
  if (sink_)
    sink_->answer(ticket_, std::nullopt);
}

void responder::operator()(response what) noexcept {
  if (const auto sink = std::exchange(sink_, nullptr))
    sink->answer(ticket_, std::move(what));
}

struct server::impl {
  impl(const server_settings& settings, application& app) : shared(settings, app) {
    if (!settings.tls_certificate.empty())
      shared.tls_context = load_tls(settings);
    try {
      listen();
    } catch (const boost::system::system_error& e) {
      throw std::system_error(e.code(), "listening on " + settings.listen + " port " + std::to_string(settings.port));
    }
  }

  /// One listening socket for each thread; the kernel deals connections out to them.
  void listen() {
    const auto& s = shared.settings;
    const unsigned count = std::max(1u, s.io_threads);
    tcp::endpoint at(asio::ip::make_address(s.listen), s.port);
    if (count > 1) {
      // SO_REUSEPORT would let a second node share the port in silence; this bind fails when anybody has it.
      asio::io_context probing;
      at = bind_to(probing, at, false).local_endpoint();
    }
    std::vector<std::shared_ptr<asio::io_context>> contexts;
    std::vector<tcp_acceptor> acceptors;
    for (unsigned i = 0; i < count; ++i) {
      contexts.push_back(std::make_shared<asio::io_context>(1));
      acceptors.push_back(bind_to(*contexts.back(), at, count > 1));
      at = acceptors.back().local_endpoint();
    }
    for (unsigned i = 0; i < count; ++i) {
      acceptors[i].listen(4096);
      io.push_back(std::make_unique<io_thread>(shared, contexts[i], std::move(acceptors[i])));
    }
    port = at.port();
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    const std::lock_guard joining(join_mutex);
    if (threads.empty())
      return;
    for (auto& each : io)
      each->stop();
    for (auto& each : threads)
      each.join();
    threads.clear();
  }

  shared_state shared;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<io_thread>> io;
  std::vector<std::thread> threads;
  std::mutex join_mutex; ///< guards threads
  std::mutex mutex;      ///< guards what follows
  std::condition_variable changed;
  bool stopping = false;
  std::size_t threads_empty = 0;
};

server::server(const server_settings& settings, application& app) : impl_(std::make_unique<impl>(settings, app)) {}

server::~server() {
  stop();
}

void server::start() {
  impl_->shared.callbacks = this;
  const std::lock_guard lock(impl_->join_mutex);
  for (auto& each : impl_->io)
    impl_->threads.emplace_back([&io = *each] { io.run(); });
}

std::uint16_t server::port() const noexcept {
  return impl_->port;
}

void server::drain() {
  const bool running = [&] {
    const std::lock_guard lock(impl_->join_mutex);
    return !impl_->threads.empty();
  }();
  if (running) {
    for (auto& each : impl_->io)
      each->drain([x = impl_.get()] {
        const std::lock_guard lock(x->mutex);
        ++x->threads_empty;
        x->changed.notify_all();
      });
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait_for(lock, impl_->shared.settings.drain_timeout,
                            [&] { return impl_->stopping || impl_->threads_empty == impl_->io.size(); });
  }
  stop();
}

void server::stop() {
  impl_->stop();
}

std::string server::reload_tls() {
  if (impl_->shared.settings.tls_certificate.empty())
    return {};
  try {
    auto fresh = load_tls(impl_->shared.settings);
    const std::lock_guard lock(impl_->shared.tls_mutex);
    impl_->shared.tls_context.swap(fresh);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

std::optional<timestamp> server::certificate_end() const {
  const std::lock_guard lock(impl_->shared.tls_mutex);
  return impl_->shared.tls_context ? end_of_certificate(*impl_->shared.tls_context) : std::nullopt;
}

server_counts server::counts() const noexcept {
  const auto& held = impl_->shared.held;
  return {held.connections(), held.requests(), held.bytes(), impl_->shared.waiting.waiting()};
}

} // namespace ingot::http
