#include "bench/faults/tcp_proxy.hpp"

#include "bench/faults/proxy_sockets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingot::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t waiting_bytes_max = 256 * 1024; // of one direction of one connection
constexpr std::size_t read_bytes = 64 * 1024;

struct chunk {
  clock::time_point due;
  std::string bytes;
};

/// One direction of a connection.
struct flow {
  std::deque<chunk> waiting;
  std::size_t waiting_bytes = 0;
  bool source_ended = false; ///< nothing more comes
  bool sink_ended = false;   ///< nothing more goes: an end of file was sent
  bool thrown_away = false;  ///< half-closed by order
};

constexpr std::size_t client = 0;
constexpr std::size_t server = 1;

/// A connection's two sockets; flow 0 goes from client to server.
struct link {
  std::array<int, 2> fds{-1, -1};
  std::array<flow, 2> flows;
  std::array<std::size_t, 2> polled{}; ///< their places in the list of this turn; 0: not polled
  bool over = false;
};

std::size_t index_of(flow_direction way) {
  return way == flow_direction::to_server ? client : server;
}

} // namespace

struct tcp_proxy::loop {
  explicit loop(std::string to) : server_(std::move(to)) {
    if (!server_.starts_with("/") && server_.find(':') == std::string::npos)
      throw std::invalid_argument("not address:port, and no path: " + server_);
    reserved_ = bind_to(0);
    port = port_of(reserved_);
    listen();
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    thread_ = std::thread{[this] { run(); }};
  }

  ~loop() {
    order([this] { stopping_ = true; });
    thread_.join();
    for (auto& x : links_)
      cut(x);
    for (const int fd : {reserved_, listener_, wake_})
      if (fd >= 0)
        ::close(fd);
  }

  /// Runs `work` on the loop's thread. @returns when it is done.
  void order(std::function<void()> work) {
    std::packaged_task<void()> task{std::move(work)};
    auto done = task.get_future();
    {
      const std::lock_guard hold{mutex_};
      orders_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    done.get();
  }

  void listen() {
    listener_ = bind_to(port);
    if (::listen(listener_, 512) != 0)
      throw std::system_error(errno, std::generic_category(), "listen");
  }

  void refuse(bool on) {
    if (on == (listener_ < 0))
      return;
    if (!on)
      return listen();
    // The port stays ours by the socket that is bound and does not listen.
    ::close(listener_);
    listener_ = -1;
  }

  void cut_all() {
    for (auto& x : links_)
      if (!x.over) {
        cut(x);
        ++counts.cut;
      }
  }

  void half_close(std::size_t way) {
    for (auto& x : links_) {
      auto& f = x.flows[way];
      if (x.over || f.sink_ended)
        continue;
      f.waiting.clear();
      f.waiting_bytes = 0;
      f.thrown_away = f.sink_ended = true;
      ::shutdown(x.fds[1 - way], SHUT_WR);
    }
  }

  std::uint16_t port = 0;
  std::array<std::chrono::milliseconds, 2> delay{};
  std::array<std::optional<std::uint64_t>, 2> cut_after;
  bool stalled = false;
  proxy_counts counts; ///< only on the loop's thread

private:
  void run() {
    while (!stopping_) {
      std::vector<pollfd> polled{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
      auto wait_until = clock::time_point::max();
      if (!stalled)
        for (auto& x : links_)
          add(x, polled, wait_until);
      ::poll(polled.data(), polled.size(), timeout_ms(wait_until));
      const bool ordered = polled[0].revents != 0;
      if ((polled[1].revents & POLLIN) != 0)
        accept();
      if (!stalled)
        for (auto& x : links_)
          pass(x, polled);
      if (ordered)
        take_orders();
      std::erase_if(links_, [](const link& x) { return x.over; });
      counts.open = links_.size();
    }
  }

  static int timeout_ms(clock::time_point until) {
    if (until == clock::time_point::max())
      return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

  void take_orders() {
    std::uint64_t count = 0;
    (void)!::read(wake_, &count, sizeof count);
    std::vector<std::packaged_task<void()>> todo;
    {
      const std::lock_guard hold{mutex_};
      todo.swap(orders_);
    }
    for (auto& x : todo)
      x();
  }

  void accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        return;
      ++counts.accepted;
      const int at_once = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
      const int up = dial(server_);
      if (up < 0) {
        ++counts.server_failed;
        reset(fd);
        continue;
      }
      links_.emplace_back().fds = {fd, up};
    }
  }

  static void add(link& x, std::vector<pollfd>& to, clock::time_point& wait_until) {
    for (const auto side : {client, server}) {
      short events = 0;
      const auto& out_of = x.flows[side];   // whose source this socket is
      const auto& into = x.flows[1 - side]; // whose sink
      if (!out_of.source_ended && out_of.waiting_bytes < waiting_bytes_max)
        events |= POLLIN;
      if (!into.waiting.empty()) {
        if (into.waiting.front().due <= clock::now())
          events |= POLLOUT;
        else
          wait_until = std::min(wait_until, into.waiting.front().due);
      }
      x.polled[side] = 0;
      if (events == 0)
        continue; // or an error that nobody takes would wake us for ever
      x.polled[side] = to.size();
      to.push_back({x.fds[side], events, 0});
    }
  }

  void pass(link& x, const std::vector<pollfd>& polled) {
    for (const auto side : {client, server}) {
      const auto at = x.polled[side];
      if (x.over || at == 0 || at >= polled.size() || polled[at].fd != x.fds[side])
        continue;
      const auto seen = polled[at].revents;
      if ((seen & POLLOUT) != 0)
        give(x, 1 - side);
      if (!x.over && (polled[at].events & POLLIN) != 0 && (seen & (POLLIN | POLLHUP | POLLERR)) != 0)
        take(x, side);
      else if (!x.over && (seen & POLLERR) != 0)
        fail_link(x, side);
    }
    if (!x.over && x.flows[0].sink_ended && x.flows[1].sink_ended && x.flows[0].source_ended && x.flows[1].source_ended) {
      ::close(x.fds[0]);
      ::close(x.fds[1]);
      x.over = true;
    }
    x.polled = {};
  }

  /// Reads what the flow's source has.
  void take(link& x, std::size_t way) {
    auto& f = x.flows[way];
    std::string bytes(read_bytes, '\0');
    const auto got = ::read(x.fds[way], bytes.data(), bytes.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got < 0)
      return fail_link(x, way);
    if (got == 0) {
      f.source_ended = true;
      return end_if_empty(x, way);
    }
    if (f.thrown_away)
      return;
    bytes.resize(static_cast<std::size_t>(got));
    f.waiting_bytes += bytes.size();
    f.waiting.push_back({clock::now() + delay[way], std::move(bytes)});
    if (f.waiting.front().due <= clock::now())
      give(x, way);
  }

  /// Writes what is due to the flow's sink.
  void give(link& x, std::size_t way) {
    auto& f = x.flows[way];
    auto& limit = cut_after[way];
    auto& passed = way == client ? counts.bytes_to_server : counts.bytes_to_client;
    while (!f.waiting.empty() && f.waiting.front().due <= clock::now()) {
      auto& bytes = f.waiting.front().bytes;
      if (limit && *limit == 0) {
        limit.reset();
        ++counts.cut;
        return cut(x);
      }
      const auto count = limit ? std::min<std::size_t>(bytes.size(), *limit) : bytes.size();
      const auto done = ::send(x.fds[1 - way], bytes.data(), count, MSG_NOSIGNAL);
      if (done < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
        return;
      if (done < 0)
        return fail_link(x, 1 - way);
      passed += static_cast<std::uint64_t>(done);
      if (limit)
        *limit -= static_cast<std::uint64_t>(done);
      f.waiting_bytes -= static_cast<std::size_t>(done);
      bytes.erase(0, static_cast<std::size_t>(done));
      if (bytes.empty())
        f.waiting.pop_front();
    }
    end_if_empty(x, way);
  }

  static void end_if_empty(link& x, std::size_t way) {
    auto& f = x.flows[way];
    if (!f.source_ended || !f.waiting.empty() || f.sink_ended)
      return;
    f.sink_ended = true;
    ::shutdown(x.fds[1 - way], SHUT_WR);
  }

  /// One side failed by itself; the other learns of it.
  void fail_link(link& x, std::size_t side) {
    if (side == server)
      ++counts.server_failed;
    cut(x);
  }

  static void cut(link& x) {
    for (const int fd : x.fds)
      if (!x.over)
        reset(fd);
    x.over = true;
  }

  std::string server_;
  int reserved_ = -1;
  int listener_ = -1;
  int wake_ = -1;
  bool stopping_ = false;
  std::list<link> links_;
  std::mutex mutex_;
  std::vector<std::packaged_task<void()>> orders_;
  std::thread thread_;
};

tcp_proxy::tcp_proxy(const std::string& server) : loop_(std::make_unique<loop>(server)) {}

tcp_proxy::~tcp_proxy() = default;

std::uint16_t tcp_proxy::port() const noexcept {
  return loop_->port;
}

void tcp_proxy::cut_all() {
  loop_->order([this] { loop_->cut_all(); });
}

void tcp_proxy::refuse(bool on) {
  loop_->order([this, on] { loop_->refuse(on); });
}

void tcp_proxy::delay(flow_direction way, std::chrono::milliseconds by) {
  loop_->order([this, way, by] { loop_->delay[index_of(way)] = by; });
}

void tcp_proxy::stall(bool on) {
  loop_->order([this, on] { loop_->stalled = on; });
}

void tcp_proxy::half_close(flow_direction way) {
  loop_->order([this, way] { loop_->half_close(index_of(way)); });
}

void tcp_proxy::cut_after(flow_direction way, std::uint64_t bytes) {
  loop_->order([this, way, bytes] { loop_->cut_after[index_of(way)] = bytes; });
}

void tcp_proxy::heal() {
  loop_->order([this] {
    loop_->refuse(false);
    loop_->delay = {};
    loop_->stalled = false;
    loop_->cut_after = {};
  });
}

proxy_counts tcp_proxy::counts() const {
  proxy_counts seen;
  loop_->order([&] { seen = loop_->counts; });
  return seen;
}

} // namespace ingot::bench
