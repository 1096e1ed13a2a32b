#include "tests/support/local_http_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

std::string http_answer_text(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nConnection: close\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

local_http_server::local_http_server(int status, std::string body)
    : local_http_server{[text = http_answer_text(status, body)](const std::string&) { return text; }} {}

local_http_server::local_http_server(answerer answer)
    : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, answer_{std::move(answer)} {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  // So that the port is free again at once.
  int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error{"no local port"};
  port_ = ntohs(at.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

local_http_server::~local_http_server() {
  requests();
}

std::vector<std::string> local_http_server::requests() {
  if (thread_.joinable()) {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  return requests_;
}

void local_http_server::serve() {
  for (;;) {
    int peer = ::accept(listener_, nullptr, nullptr);
    if (peer < 0)
      return;
    std::string got;
    std::size_t wanted = std::string::npos;
    char buffer[65536];
    while (got.size() < wanted) {
      auto count = ::recv(peer, buffer, sizeof buffer, 0);
      if (count <= 0)
        break;
      got.append(buffer, static_cast<std::size_t>(count));
      auto end = got.find("\r\n\r\n");
      if (wanted == std::string::npos && end != std::string::npos) {
        auto length = got.find("Content-Length: ");
        wanted = end + 4 + (length < end ? std::strtoul(got.c_str() + length + 16, nullptr, 10) : 0);
      }
    }
    const auto answer = answer_(got);
    requests_.push_back(std::move(got));
    (void)!::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(peer);
  }
}
