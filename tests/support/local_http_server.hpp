#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

/// Answers every request on a free port of 127.0.0.1, one after the other, and keeps what it got.
class local_http_server {
public:
  /// Makes the answer, head and body as they go out, to a request as it came. Runs on the server's thread.
  using answerer = std::function<std::string(const std::string& request)>;

  explicit local_http_server(answerer answer);
  /// The same status and body every time.
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
  answerer answer_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

/// An answer of that status with its length, and `headers` (whole lines) before the body.
std::string http_answer_text(int status, const std::string& body, const std::string& headers = {});
