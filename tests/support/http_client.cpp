#include "tests/support/http_client.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingot::testing {

namespace {

[[noreturn]] void fail(const char* what) {
  throw http_error{std::string{what} + ": " + std::strerror(errno)};
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

} // namespace

std::string http_answer::operator[](std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

http_client::http_client(std::uint16_t port, std::chrono::milliseconds patience) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    fail("socket");
  timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    int why = errno;
    ::close(fd_);
    errno = why;
    fail("connect");
  }
}

http_client::http_client(http_client&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, buffer_{std::move(other.buffer_)} {}

http_client& http_client::operator=(http_client&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

http_client::~http_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

http_answer http_client::request(std::string_view method, std::string_view target, const std::vector<header>& headers,
                                 std::string_view body) {
  std::string bytes{method};
  bytes.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : headers)
    bytes.append(name).append(": ").append(value).append("\r\n");
  if (method != "GET" && method != "HEAD")
    bytes.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  bytes.append("\r\n").append(body);
  send(bytes);
  return read_answer();
}

void http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      // The peer may have refused the request by its head: its answer can still be read.
      if (errno == EPIPE || errno == ECONNRESET)
        return;
      fail("send");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool http_client::receive() {
  char chunk[64 * 1024];
  auto got = ::recv(fd_, chunk, sizeof chunk, 0);
  while (got < 0 && errno == EINTR) // a child has ended
    got = ::recv(fd_, chunk, sizeof chunk, 0);
  if (got < 0)
    fail("recv");
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return got > 0;
}

void http_client::fill() {
  if (!receive())
    throw http_error{"the peer closed the connection"};
}

http_answer http_client::read_answer(bool to_head) {
  std::size_t head_end;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos)
    fill();
  std::string_view head{buffer_.data(), head_end};
  http_answer result;
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12)
    throw http_error{"not an HTTP/1.1 answer: " + std::string{head.substr(0, 80)}};
  result.status = std::stoi(std::string{head.substr(9, 3)});
  for (auto at = head.find("\r\n"); at != std::string_view::npos;) {
    auto next = head.find("\r\n", at + 2);
    auto line = head.substr(at + 2, next == std::string_view::npos ? next : next - at - 2);
    if (auto colon = line.find(':'); colon != std::string_view::npos)
      result.headers.emplace_back(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    at = next;
  }
  buffer_.erase(0, head_end + 4);
  if (result.status == 100)
    return read_answer(to_head);
  if (to_head)
    return result;
  if (result["transfer-encoding"] == "chunked") {
    read_chunks(result.body);
    return result;
  }
  auto length_text = result["content-length"];
  if (length_text.empty() && result["connection"] == "close") {
    while (receive())
      ;
    result.body = std::move(buffer_);
    buffer_.clear();
    return result;
  }
  std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
  while (buffer_.size() < length)
    fill();
  result.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return result;
}

void http_client::read_chunks(std::string& into) {
  for (;;) {
    std::size_t line_end;
    while ((line_end = buffer_.find("\r\n")) == std::string::npos)
      fill();
    auto size = std::stoul(buffer_.substr(0, line_end), nullptr, 16);
    while (buffer_.size() < line_end + 2 + size + 2)
      fill();
    into += buffer_.substr(line_end + 2, size);
    buffer_.erase(0, line_end + 2 + size + 2);
    if (size == 0)
      return;
  }
}

bool http_client::closed_by_peer() {
  char byte;
  auto got = ::recv(fd_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

} // namespace ingot::testing
