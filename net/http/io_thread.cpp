#include "net/http/io_thread.hpp"

#include "net/http/answer_text.hpp"

#include <algorithm>
#include <random>

namespace ingot::http {

namespace {

constexpr std::chrono::milliseconds accept_pause{100};
constexpr char digits32[] = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's: read aloud without mistakes

thread_local io_thread* current = nullptr;

std::chrono::milliseconds sweep_interval(const server_settings& s) {
  const auto shortest = std::min({s.head_timeout, s.body_grace, s.idle_timeout, s.write_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(200));
}

/// An IPv6 sender owns at least a /64, so one address is that.
std::string address_key(const asio::ip::address& address) {
  if (address.is_v4())
    return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), 8};
}

asio::ip::address unmapped(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

bool is_in(const std::vector<ip_network>& networks, const asio::ip::address& address) {
  auto x = ip_address{.is_v6 = address.is_v6()};
  if (x.is_v6)
    std::ranges::copy(address.to_v6().to_bytes(), x.bytes.begin());
  else
    std::ranges::copy(address.to_v4().to_bytes(), x.bytes.begin());
  return std::ranges::any_of(networks, [&](const ip_network& n) { return contains(n, x); });
}

} // namespace

/// The way of answers into an I/O thread. However many wait, it is woken once.
class mailbox final : public answer_sink {
public:
  mailbox(io_thread& owner, std::shared_ptr<asio::io_context> context) : owner_(owner), context_(std::move(context)) {}

  void answer(std::uint64_t ticket, std::optional<response> what) noexcept override {
    if (current == &owner_ && owner_.answer_now(ticket, what))
      return;
    {
      const std::lock_guard lock(mutex_);
      if (closed_)
        return;
      items_.emplace_back(ticket, std::move(what));
      if (items_.size() > 1)
        return;
    }
    // This object lives as long as the context runs; the context is kept by us, so it may be stopped but not gone.
    asio::post(*context_, [this] { deliver(); });
  }

  void close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    items_.clear();
  }

private:
  void deliver() noexcept {
    {
      const std::lock_guard lock(mutex_);
      taken_.swap(items_);
    }
    for (auto& [ticket, what] : taken_)
      owner_.answer_later(ticket, what);
    taken_.clear();
  }

  io_thread& owner_;
  const std::shared_ptr<asio::io_context> context_;
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::pair<std::uint64_t, std::optional<response>>> items_;
  std::vector<std::pair<std::uint64_t, std::optional<response>>> taken_;
};

io_thread::io_thread(shared_state& shared, std::shared_ptr<asio::io_context> context, tcp_acceptor acceptor)
    : shared_(shared), context_(std::move(context)), work_(asio::make_work_guard(*context_)), acceptor_(std::move(acceptor)),
      sweep_timer_(*context_), accept_timer_(*context_), idle_timer_(*context_), sweep_interval_(sweep_interval(shared.settings)),
      mailbox_(std::make_shared<mailbox>(*this, context_)) {
  std::random_device random;
  auto bits = (static_cast<std::uint64_t>(random()) << 32) | random();
  for (int i = 0; i < 8; ++i, bits >>= 5)
    id_prefix_ += digits32[bits & 31];
}

io_thread::~io_thread() {
  mailbox_->close();
}

void io_thread::run() {
  current = this;
  accept();
  sweep();
  context_->run();
  mailbox_->close();
  current = nullptr;
}

void io_thread::drain(std::function<void()> when_empty) {
  asio::post(*context_, [this, when_empty = std::move(when_empty)]() mutable {
    draining_ = true;
    when_empty_ = std::move(when_empty);
    accept_rest();
    if (const auto kept = shared_.settings.drain_idle; kept.count() == 0) {
      end_idle();
    } else {
      idle_timer_.expires_after(kept);
      idle_timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && !stopped_)
          end_idle();
      });
    }
    tell_when_empty();
  });
}

void io_thread::end_idle() {
  idle_ends_ = true;
  for (std::size_t i = 0; i < connections_.size(); ++i)
    if (auto* c = connections_[i].held.get(); c && (c->at() == phase::idle || c->at() == phase::handshake))
      c->cut_off(cut::drain);
}

void io_thread::stop() {
  asio::post(*context_, [this] {
    stopped_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    idle_timer_.cancel();
    sweep_timer_.cancel();
    for (std::size_t i = 0; i < connections_.size(); ++i)
      if (auto* c = connections_[i].held.get())
        c->cut_off(cut::stop);
    work_.reset();
  });
}

std::string_view io_thread::date() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_second_) {
    date_second_ = now.tv_sec;
    date_ = imf_fixdate(std::chrono::sys_seconds(std::chrono::seconds(now.tv_sec)));
  }
  return date_;
}

std::string io_thread::next_request_id() {
  // Fifteen characters: what std::string holds without an allocation. 2^35 requests until it repeats.
  auto id = id_prefix_;
  auto number = requests_++;
  for (int shift = 30; shift >= 0; shift -= 5)
    id += digits32[(number >> shift) & 31];
  return id;
}

responder io_thread::make_responder(connection& of) {
  const auto serial = ++connections_[of.slot].serial;
  return {mailbox_, (static_cast<std::uint64_t>(of.slot) << 32) | serial};
}

void io_thread::handled() {
  if (turn_ends_)
    return;
  asio::post(*context_, [this] {
    turn_ends_ = false;
    try {
      shared_.app.end_turn();
    } catch (const std::exception&) {
      // What was put aside is dropped, and its responders answer.
      if (shared_.callbacks->on_refusal)
        shared_.callbacks->on_refusal({}, fault::internal, "the application failed");
    }
  });
  turn_ends_ = true;
}

void io_thread::refused(const connection& by, fault why, std::string_view reason) {
  if (shared_.callbacks->on_refusal)
    shared_.callbacks->on_refusal(by.remote_address, why, reason);
}

void io_thread::release(connection& c) noexcept {
  auto& place = connections_[c.slot];
  ++place.serial;
  free_slots_.push_back(c.slot);
  shared_.held.leave_connection(c.address_key);
  place.held.reset();
  --live_;
  tell_when_empty();
}

void io_thread::accept() {
  acceptor_.async_accept(*context_, peer_,
                         [this](boost::system::error_code ec, tcp_socket socket) { on_accept(ec, std::move(socket)); });
}

void io_thread::on_accept(boost::system::error_code ec, tcp_socket socket) {
  if (stopped_ || ec == asio::error::operation_aborted)
    return;
  if (!ec)
    adopt(std::move(socket), peer_);
  if (!acceptor_.is_open())
    return;
  // Out of descriptors or memory: whoever waits in the backlog is served when there are some again.
  if (ec && ec != asio::error::connection_aborted)
    accept_later();
  else
    accept();
}

void io_thread::accept_later() {
  accept_timer_.expires_after(accept_pause);
  accept_timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec && acceptor_.is_open())
      accept();
  });
}

/// A connection that the kernel has accepted for us would be reset by closing the acceptor.
void io_thread::accept_rest() {
  boost::system::error_code ec;
  acceptor_.non_blocking(true, ec);
  while (!ec) {
    tcp::endpoint peer;
    auto socket = acceptor_.accept(*context_, peer, ec);
    if (!ec)
      adopt(std::move(socket), peer);
  }
  acceptor_.close(ec);
  accept_timer_.cancel();
}

void io_thread::adopt(tcp_socket socket, const tcp::endpoint& peer) {
  const auto address = unmapped(peer.address());
  // All clients of a proxy come by its address.
  auto key = is_in(shared_.trusted_proxies, address) ? std::string{} : address_key(address);
  if (!shared_.held.enter_connection(key)) {
    turn_away(socket, address.to_string());
    return;
  }
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  auto tls = shared_.tls();
  auto made = tls ? make_tls_session(*this, std::move(socket), std::move(tls)) : make_session(*this, std::move(socket));
  made->remote_address = address.to_string();
  made->address_key = std::move(key);
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
    free_slots_.reserve(connections_.size()); // so that release() never allocates
  }
  made->slot = free_slots_.back();
  free_slots_.pop_back();
  auto& session = *made;
  connections_[session.slot].held = std::move(made);
  ++live_;
  session.start();
}

/// Best effort: a sender that sees this knows to wait. It costs no memory and no time.
void io_thread::turn_away(tcp_socket& socket, const std::string& address) {
  static constexpr std::string_view reason = "there are too many connections";
  boost::system::error_code ec;
  socket.non_blocking(true, ec);
  if (!shared_.tls()) {
    const auto id = next_request_id();
    std::string text;
    append_answer(text, refusal({fault::too_many_connections, std::string(reason), {}}, id),
                  {date(), id, connection_option::close, false});
    char unread[4096]; // bytes left unread would turn the close into a reset that eats the answer
    socket.read_some(asio::buffer(unread), ec);
    socket.write_some(asio::buffer(text), ec);
    socket.shutdown(tcp_socket::shutdown_send, ec);
  }
  if (shared_.callbacks->on_refusal)
    shared_.callbacks->on_refusal(address, fault::too_many_connections, reason);
}

void io_thread::sweep() {
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < connections_.size(); ++i)
    if (auto* c = connections_[i].held.get(); c && c->deadline() <= now)
      c->on_deadline(now);
  for (auto& x : shared_.waiting.give_up(now - shared_.settings.turn_timeout)) {
    auto refused = response{};
    refused.status = status_of(fault::overloaded);
    x(std::move(refused));
  }
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec && !stopped_)
      sweep();
  });
}

void io_thread::tell_when_empty() {
  if (draining_ && live_ == 0 && when_empty_)
    std::exchange(when_empty_, {})();
}

io_thread::entry* io_thread::find(std::uint64_t ticket) noexcept {
  const auto slot = static_cast<std::size_t>(ticket >> 32);
  if (slot >= connections_.size())
    return nullptr;
  auto& place = connections_[slot];
  return place.held && place.serial == static_cast<std::uint32_t>(ticket) ? &place : nullptr;
}

/// An answer from within handle(), before the session waits for it. @returns whether `what` is dealt with
bool io_thread::answer_now(std::uint64_t ticket, std::optional<response>& what) noexcept {
  auto* place = find(ticket);
  if (place && place->held->waits_for_answer())
    return false;
  if (place)
    place->held->take_answer(std::move(what));
  return true;
}

void io_thread::answer_later(std::uint64_t ticket, std::optional<response>& what) noexcept {
  if (auto* place = find(ticket))
    place->held->take_answer(std::move(what));
}

} // namespace ingot::http
