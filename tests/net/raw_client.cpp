#include "tests/net/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <strings.h>
#include <utility>

namespace ingot::testing {

std::string raw_answer::operator[](std::string_view name) const {
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(':', at);
    if (colon != std::string::npos && colon < end && colon - at == name.size() &&
        strncasecmp(head.data() + at, name.data(), name.size()) == 0)
      return head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return {};
}

raw_answer take_answer(std::string& bytes, bool to_head_request) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos)
    throw connection_ended("no whole head: " + bytes);
  raw_answer answer;
  answer.head = bytes.substr(0, end + 2);
  if (answer.head.compare(0, 9, "HTTP/1.1 ") != 0)
    throw std::runtime_error("no answer: " + answer.head);
  answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
  const auto length = answer["content-length"];
  const auto size = to_head_request || length.empty() ? 0 : std::stoul(length);
  if (bytes.size() < end + 4 + size)
    throw connection_ended("no whole body");
  answer.body = bytes.substr(end + 4, size);
  bytes.erase(0, end + 4 + size);
  return answer;
}

std::vector<raw_answer> all_answers(std::string bytes) {
  std::vector<raw_answer> answers;
  while (!bytes.empty())
    answers.push_back(take_answer(bytes));
  return answers;
}

raw_client::raw_client(std::uint16_t port, const char* from_address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in from{};
  from.sin_family = AF_INET;
  ::inet_pton(AF_INET, from_address, &from.sin_addr);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
      ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    const std::string why = std::strerror(errno);
    if (fd_ >= 0)
      ::close(fd_);
    throw connection_ended("connect: " + why);
  }
}

raw_client::raw_client(raw_client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

raw_client::~raw_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void raw_client::shutdown_send() {
  ::shutdown(fd_, SHUT_WR);
}

raw_answer raw_client::read_answer(bool to_head_request) {
  for (;;) {
    try {
      return take_answer(buffer_, to_head_request);
    } catch (const connection_ended&) {
      if (!fill())
        throw;
    }
  }
}

std::string raw_client::read_rest() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool raw_client::readable(int ms) const {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, ms) > 0;
}

bool raw_client::fill() {
  if (!readable(20'000))
    throw std::runtime_error("20 s of silence");
  char block[65536];
  const auto size = ::recv(fd_, block, sizeof block, 0);
  if (size <= 0)
    return false;
  buffer_.append(block, static_cast<std::size_t>(size));
  return true;
}

} // namespace ingot::testing
