#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

/// Answers every request on a free port of 127.0.0.1 with the same status and body, and keeps what it got.
class local_http_server {
public:
  local_http_server(int status, std::string body);
  ~local_http_server();
  local_http_server(const local_http_server&) = delete;
  local_http_server& operator=(const local_http_server&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The requests, head and body as they came. Ends the server.
  std::vector<std::string> requests();

private:
  void serve();

  int listener_;
  std::uint16_t port_ = 0;
  std::string answer_;
  std::vector<std::string> requests_;
  std::thread thread_;
};
