#include "tests/support/github_standin/web_server.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

namespace ingot::testing {

namespace {

struct peer_gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr std::size_t body_bytes_max = 256 * 1024 * 1024;
constexpr std::size_t compressed_from = 1'000; ///< smaller answers go as they are

std::string lower(std::string_view text) {
  auto out = std::string{text};
  for (auto& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Reads from one socket what a request is made of.
class reader {
public:
  explicit reader(int socket) : socket_{socket} {}

  /// @returns nothing at the connection's end
  std::optional<web_request> next() {
    auto end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!fill())
        return std::nullopt;
    auto head = std::string_view{buffer_}.substr(0, end);
    auto out = parse(head);
    buffer_.erase(0, end + 4);
    read_body(out);
    return out;
  }

private:
  bool fill() {
    auto piece = std::array<char, 64 * 1024>{};
    const auto size = ::recv(socket_, piece.data(), piece.size(), 0);
    if (size <= 0)
      return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(size));
    return true;
  }

  static web_request parse(std::string_view head) {
    web_request out;
    const auto line = head.substr(0, head.find("\r\n"));
    const auto first = line.find(' '), last = line.rfind(' ');
    out.method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    out.path = target.substr(0, target.find('?'));
    if (const auto at = target.find('?'); at != std::string_view::npos)
      out.query_text = target.substr(at + 1);
    for (auto rest = std::string_view{out.query_text}; !rest.empty();) {
      const auto pair = rest.substr(0, rest.find('&'));
      const auto equals = std::min(pair.find('='), pair.size());
      out.query.emplace_back(percent_decoded(pair.substr(0, equals)),
                             percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    }
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    while (!head.empty()) {
      const auto field = head.substr(0, head.find("\r\n"));
      const auto colon = std::min(field.find(':'), field.size() - 1);
      const auto value = field.substr(std::min(field.find_first_not_of(" \t", colon + 1), field.size()));
      out.headers.emplace_back(lower(field.substr(0, colon)), value);
      head.remove_prefix(std::min(field.size() + 2, head.size()));
    }
    return out;
  }

  void read_body(web_request& of) {
    if (of["expect"] == "100-continue")
      ::send(socket_, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    if (lower(of["transfer-encoding"]) == "chunked") {
      for (;;) {
        const auto size = std::stoull(take_line(), nullptr, 16);
        of.body += take(size);
        take_line();
        if (size == 0)
          return;
      }
    }
    if (const auto length = of["content-length"]; !length.empty())
      of.body = take(std::stoull(std::string{length}));
  }

  std::string take_line() {
    auto end = std::string::npos;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
      if (!fill())
        throw peer_gone{"within a body"};
    auto out = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return out;
  }

  std::string take(std::size_t size) {
    if (size > body_bytes_max)
      throw peer_gone{"a body that is too large"};
    while (buffer_.size() < size)
      if (!fill())
        throw peer_gone{"within a body"};
    auto out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }

  int socket_;
  std::string buffer_;
};

std::string gzipped(std::string_view text) {
  z_stream z{};
  ::deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  auto out = std::string(::deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  ::deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

int listening_socket(std::uint16_t port) {
  const auto out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto on = 1;
  ::setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(out, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(out, 512) != 0)
    throw std::runtime_error{"cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno)};
  return out;
}

void append_head(std::string& out, const web_answer& what, bool chunked) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(what.status));
  out += "HTTP/1.1 " + std::to_string(what.status) + ' ' + std::string{reason.data(), reason.size()} + "\r\n";
  for (const auto& [name, value] : what.headers)
    out += name + ": " + value + "\r\n";
  if (what.status != 304 && what.status != 204) {
    out += "content-type: " + what.content_type + "\r\n";
    out += chunked ? "transfer-encoding: chunked\r\n" : "content-length: " + std::to_string(what.body.size()) + "\r\n";
  }
  out += "\r\n";
}

std::string hex(std::size_t number) {
  auto text = std::array<char, 20>{};
  std::snprintf(text.data(), text.size(), "%zx", number);
  return text.data();
}

} // namespace

std::string_view web_request::operator[](std::string_view header) const noexcept {
  for (const auto& [name, value] : headers)
    if (name == header)
      return value;
  return {};
}

std::optional<std::string> web_request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name)
      return value;
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (auto i = std::size_t{0}; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

web_server::web_server(std::uint16_t port, handler handle) : handle_{std::move(handle)}, listener_{listening_socket(port)} {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread{[this] { accept_all(); }};
}

web_server::~web_server() {
  {
    const auto lock = std::lock_guard{mutex_};
    ending_ = true;
    for (const auto& x : peers_)
      if (!x.ended)
        ::shutdown(x.socket, SHUT_RDWR);
  }
  ending_changed_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  reap(true);
  ::close(listener_);
}

void web_server::accept_all() {
  for (;;) {
    const auto socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0 && (errno == EINTR || errno == ECONNABORTED))
      continue;
    if (socket < 0)
      return;
    const auto on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    reap(false);
    const auto lock = std::lock_guard{mutex_};
    if (ending_) {
      ::close(socket);
      return;
    }
    auto& added = peers_.emplace_back();
    added.socket = socket;
    added.thread = std::thread{[this, &added] { serve(added); }};
  }
}

void web_server::serve(peer& with) {
  auto from = reader{with.socket};
  try {
    for (auto request = from.next(); request; request = from.next()) {
      web_answer what;
      try {
        what = handle_(*request);
      } catch (const std::exception& e) {
        what.status = 500;
        what.content_type = "text/plain";
        what.body = std::string{"the stand-in failed: "} + e.what();
      }
      if (!answer(with.socket, *request, std::move(what)))
        break;
    }
  } catch (const std::exception&) {
    // The peer left in the middle, or sent what is no request.
  }
  const auto lock = std::lock_guard{mutex_};
  ::close(with.socket);
  with.ended = true;
}

/// @returns whether the connection goes on
bool web_server::answer(int socket, const web_request& request, web_answer&& what) {
  auto left = what.cut_after;
  const auto send_all = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        throw peer_gone{"while it was answered"};
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      bytes_sent_ += static_cast<std::uint64_t>(sent);
    }
  };
  const auto send_body = [&](std::string_view bytes) {
    send_all(left ? bytes.substr(0, *left) : bytes);
    if (left && bytes.size() >= *left)
      throw peer_gone{"it was cut"};
    if (left)
      *left -= bytes.size();
  };
  if (what.stall.count() > 0 && !nap(what.stall))
    return false;
  const auto may_compress = request["accept-encoding"].find("gzip") != std::string_view::npos;
  if (!what.stream && may_compress && what.body.size() >= compressed_from && what.content_type.starts_with("application/json")) {
    what.body = gzipped(what.body);
    what.headers.emplace_back("content-encoding", "gzip");
  }
  std::string head;
  append_head(head, what, static_cast<bool>(what.stream));
  const auto has_body = request.method != "HEAD" && what.status != 304 && what.status != 204;
  if (has_body && !what.stream && !left)
    head += what.body; // one packet, when it is small
  send_all(head);
  if (!has_body)
    return true;
  if (what.stream) {
    what.stream([&](std::string_view piece) {
      if (!piece.empty())
        send_body(hex(piece.size()) + "\r\n" + std::string{piece} + "\r\n");
    });
    send_body("0\r\n\r\n");
  } else if (left) {
    send_body(what.body);
  }
  return !left && request["connection"] != "close";
}

/// @returns false when the server ends meanwhile
bool web_server::nap(std::chrono::milliseconds time) {
  auto lock = std::unique_lock{mutex_};
  return !ending_changed_.wait_for(lock, time, [&] { return ending_; });
}

void web_server::reap(bool all) {
  std::list<peer> ended;
  {
    const auto lock = std::lock_guard{mutex_};
    for (auto at = peers_.begin(); at != peers_.end();) {
      const auto next = std::next(at);
      if (all || at->ended)
        ended.splice(ended.end(), peers_, at);
      at = next;
    }
  }
  for (auto& x : ended)
    x.thread.join();
}

} // namespace ingot::testing
