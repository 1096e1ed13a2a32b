#include "bench/load.hpp"

#include "model/signature.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingot::bench {
namespace {

using nanoseconds = std::int64_t;

nanoseconds now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

nanoseconds of_seconds(double s) {
  return static_cast<nanoseconds>(s * 1e9);
}

struct connection {
  int fd = -1;
  bool busy = false;
  std::uint64_t request = 0;
  nanoseconds since = 0; ///< sent, or meant to be sent
  nanoseconds sent_at = 0;
  std::size_t body_bytes = 0;
  std::size_t out_size = 0, out_sent = 0;
  std::size_t in_size = 0;
  std::vector<char> out;
  std::array<char, 8192> in;
};

/// The answer at the front of `text`: its status, or 0 while it is incomplete, or -1 when it cannot be understood.
int answer_status(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return text.size() == std::tuple_size_v<decltype(connection::in)> ? -1 : 0;
  if (!text.starts_with("HTTP/1.1 ") || end < 12)
    return -1;
  std::size_t length = 0;
  const auto head = text.substr(0, end);
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos;) {
    at += 2;
    constexpr std::string_view name = "content-length:";
    if (head.size() - at < name.size() || strncasecmp(head.data() + at, name.data(), name.size()) != 0)
      continue;
    at = head.find_first_not_of(' ', at + name.size());
    std::from_chars(head.data() + at, head.data() + head.size(), length);
    break;
  }
  if (text.size() < end + 4 + length)
    return 0;
  int status = -1;
  std::from_chars(text.data() + 9, text.data() + 12, status);
  return status;
}

class generator {
public:
  generator(const load_settings& settings, const plan& what, const std::function<void(bool)>& on_window)
      : settings_{settings}, plan_{what}, heads_{what}, hmac_{settings.secret}, on_window_{on_window} {
    if (settings.requests != 0)
      result_.acked.reserve(settings.requests);
    std::size_t largest = 0;
    for (const auto& x : what.templates())
      largest = std::max(largest, x.size());
    presign(largest); // before connecting: a server may drop who says nothing
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    connections_.resize(settings.connections);
    for (auto& c : connections_) {
      c = std::make_unique<connection>();
      c->out.resize(largest);
      open(*c);
      idle_.push_back(c.get());
    }
  }

  ~generator() {
    for (auto& c : connections_)
      if (c->fd >= 0)
        close(c->fd);
    close(epoll_);
  }

  load_result run() {
    begin_ = now();
    window_begin_ = begin_ + of_seconds(settings_.warmup_seconds);
    window_end_ = window_begin_ + of_seconds(settings_.seconds);
    nanoseconds next_sweep = begin_ + 1'000'000'000;
    for (auto at = begin_; !done(at); at = now()) {
      watch_window(at);
      send_due(at);
      wait(at);
      if (at >= next_sweep) {
        drop_overdue(at);
        next_sweep = at + 1'000'000'000;
      }
    }
    close_window(now());
    return std::move(result_);
  }

private:
  /// A body is a function of its number, so 32 bytes are enough to keep of each.
  void presign(std::size_t largest) {
    heads ahead{plan_};
    std::vector<char> text(largest);
    signatures_.reserve(settings_.presigned);
    for (std::uint64_t n = 0; n != settings_.presigned; ++n) {
      const auto x = plan_.at(n);
      plan_.values(n, x, ahead.advance(n, x, plan_.key(x)), values_);
      x.what->patch(values_, text.data());
      signatures_.push_back(hmac_({text.data() + x.what->body_offset, x.what->size() - x.what->body_offset}));
    }
  }

  void open(connection& c) {
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(settings_.port);
    inet_pton(AF_INET, settings_.host.c_str(), &to.sin_addr);
    if (c.fd < 0 || connect(c.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::system_error(errno, std::generic_category(),
                              "connect to " + settings_.host + ":" + std::to_string(settings_.port));
    const int on = 1;
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &c;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
    c.in_size = c.out_size = c.out_sent = 0;
  }

  bool sending(nanoseconds at) const { return at < window_end_ && (settings_.requests == 0 || sent_ < settings_.requests); }

  bool done(nanoseconds at) {
    if (sending(at))
      return false;
    if (broken_ || at > window_end_ + of_seconds(2 * settings_.answer_timeout_seconds))
      return in_flight_ == 0 || !broken_;
    // Open loop: what was due before the end and found no connection is still sent, or its wait would go unseen.
    return in_flight_ == 0 && (settings_.rate == 0 || due_until(at) <= sent_);
  }

  void watch_window(nanoseconds at) {
    if (!window_open_ && at >= window_begin_ && window_closed_at_ == 0) {
      window_open_ = true;
      window_opened_at_ = at;
      if (on_window_)
        on_window_(true);
    }
    if (window_open_ && !sending(at) && (settings_.requests == 0 || in_flight_ == 0))
      close_window(at);
  }

  void close_window(nanoseconds at) {
    if (!window_open_)
      return;
    window_open_ = false;
    window_closed_at_ = at;
    result_.seconds = static_cast<double>(at - window_opened_at_) / 1e9;
    if (on_window_)
      on_window_(false);
  }

  /// Requests that should have been sent by `at` (open loop).
  std::uint64_t due_until(nanoseconds at) const {
    at = std::min(at, window_end_ - 1);
    auto n = static_cast<std::uint64_t>(std::max<double>(0, static_cast<double>(at - begin_) / 1e9 * settings_.rate)) + 1;
    return settings_.requests == 0 ? n : std::min(n, settings_.requests);
  }

  nanoseconds intended(std::uint64_t n) const { return begin_ + of_seconds(static_cast<double>(n) / settings_.rate); }

  void send_due(nanoseconds at) {
    if (settings_.rate == 0) {
      while (!idle_.empty() && sending(at))
        send_next(take_idle(), now());
      return;
    }
    const auto want = due_until(at);
    if (want > sent_ + idle_.size())
      result_.backlog_max = std::max(result_.backlog_max, want - sent_ - idle_.size());
    while (!idle_.empty() && sent_ < want)
      send_next(take_idle(), intended(sent_));
  }

  connection& take_idle() {
    // The longest idle one, so that all are used at a low rate too.
    auto& c = *idle_.front();
    idle_.erase(idle_.begin());
    return c;
  }

  void send_next(connection& c, nanoseconds since) {
    const auto n = sent_++;
    result_.acked.push_back(false);
    const auto x = plan_.at(n);
    plan_.values(n, x, heads_.advance(n, x, plan_.key(x)), values_);
    const auto& what = *x.what;
    what.patch(values_, c.out.data());
    plan_.delivery_id(n, c.out.data() + what.id_offset);
    c.body_bytes = what.size() - what.body_offset;
    const auto sign = n < signatures_.size() ? signatures_[n] : hmac_({c.out.data() + what.body_offset, c.body_bytes});
    for (std::size_t i = 0; i != sign.size(); ++i) {
      c.out[what.sign_offset + 2 * i] = "0123456789abcdef"[sign[i] >> 4];
      c.out[what.sign_offset + 2 * i + 1] = "0123456789abcdef"[sign[i] & 15];
    }
    c.request = n;
    c.busy = true;
    c.out_size = what.size();
    c.out_sent = 0;
    c.since = since;
    c.sent_at = now();
    ++in_flight_;
    flush(c);
  }

  void flush(connection& c) {
    while (c.out_sent < c.out_size) {
      const auto n = send(c.fd, c.out.data() + c.out_sent, c.out_size - c.out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) {
        if (errno == EINTR)
          continue;
        if (errno != EAGAIN)
          fail(c);
        return;
      }
      c.out_sent += static_cast<std::size_t>(n);
    }
  }

  void wait(nanoseconds at) {
    timespec limit{0, 100'000'000};
    if (settings_.rate > 0 && sending(at) && !idle_.empty()) {
      const auto left = std::clamp<nanoseconds>(intended(sent_) - now(), 0, limit.tv_nsec);
      limit.tv_nsec = left;
    }
    std::array<epoll_event, 256> events;
    const auto count = epoll_pwait2(epoll_, events.data(), events.size(), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      auto& c = *static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const auto what = events[static_cast<std::size_t>(i)].events;
      if ((what & EPOLLOUT) != 0 && c.busy)
        flush(c);
      if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        receive(c);
    }
  }

  void receive(connection& c) {
    // A level that reads once: an answer is small and one alone is awaited, so a second read would only find EAGAIN.
    const auto n = recv(c.fd, c.in.data() + c.in_size, c.in.size() - c.in_size, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n <= 0) {
      fail(c);
      return;
    }
    c.in_size += static_cast<std::size_t>(n);
    const auto status = answer_status({c.in.data(), c.in_size});
    if (status == 0)
      return;
    if (status < 0 || !c.busy) {
      fail(c);
      return;
    }
    finish(c, status);
  }

  void finish(connection& c, int status) {
    const auto at = now();
    if (status >= 200 && status < 300) {
      result_.acked[c.request] = true;
      if (window_open_) {
        ++result_.acks;
        result_.bytes += c.body_bytes;
      }
      if (window_opened_at_ != 0 && c.since >= window_opened_at_)
        note_latency(at, static_cast<std::uint64_t>(std::max<nanoseconds>(0, at - c.since)));
    } else {
      ++result_.statuses[status];
    }
    release(c);
    if (settings_.rate == 0 && sending(at)) {
      idle_.pop_back();
      send_next(c, at);
    }
  }

  void note_latency(nanoseconds at, std::uint64_t took) {
    result_.latency.add(took);
    if (settings_.window_seconds <= 0)
      return;
    const auto window = static_cast<std::size_t>((at - window_opened_at_) / of_seconds(settings_.window_seconds));
    if (result_.windows.size() <= window)
      result_.windows.resize(window + 1);
    result_.windows[window].add(took);
  }

  void release(connection& c) {
    c.busy = false;
    c.in_size = 0;
    --in_flight_;
    idle_.push_back(&c);
  }

  /// The connection is gone: what it carried is not acknowledged; a new one takes its place.
  void fail(connection& c) {
    ++result_.connection_errors;
    close(c.fd);
    if (c.busy)
      release(c);
    try {
      open(c);
    } catch (const std::system_error&) {
      broken_ = true;
      c.fd = -1;
      std::erase(idle_, &c);
      if (idle_.empty() && in_flight_ == 0)
        window_end_ = 0;
    }
  }

  void drop_overdue(nanoseconds at) {
    for (auto& c : connections_)
      if (c->busy && at - c->sent_at > of_seconds(settings_.answer_timeout_seconds))
        fail(*c);
  }

  const load_settings& settings_;
  const plan& plan_;
  heads heads_;
  hmac_sha256 hmac_;
  const std::function<void(bool)>& on_window_;
  load_result result_;
  slot_values values_{};
  std::vector<std::array<unsigned char, 32>> signatures_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<connection>> connections_;
  std::vector<connection*> idle_;
  std::uint64_t sent_ = 0, in_flight_ = 0;
  nanoseconds begin_ = 0, window_begin_ = 0, window_end_ = 0, window_opened_at_ = 0, window_closed_at_ = 0;
  bool window_open_ = false, broken_ = false;
};

} // namespace

std::uint64_t load_result::acked_total() const {
  return static_cast<std::uint64_t>(std::count(acked.begin(), acked.end(), true));
}

std::uint64_t load_result::refused() const {
  std::uint64_t sum = connection_errors;
  for (const auto& [status, count] : statuses)
    sum += count;
  return sum;
}

load_result run_load(const load_settings& settings, const plan& what, const std::function<void(bool)>& on_window) {
  return generator{settings, what, on_window}.run();
}

void parse_url(const std::string& url, load_settings& out) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    throw std::runtime_error("--url wants http://ADDRESS:PORT");
  auto rest = url.substr(scheme.size());
  rest.resize(std::min(rest.find('/'), rest.size()));
  const auto colon = rest.find(':');
  out.host = rest.substr(0, colon);
  if (out.host == "localhost")
    out.host = "127.0.0.1";
  in_addr ignored{};
  if (inet_pton(AF_INET, out.host.c_str(), &ignored) != 1)
    throw std::runtime_error("--url wants an IPv4 address, not " + out.host);
  out.port = colon == std::string::npos ? 80 : static_cast<std::uint16_t>(std::stoul(rest.substr(colon + 1)));
}

} // namespace ingot::bench
