#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// What a scripted server does with one request.
struct scripted_answer {
  std::string bytes;        ///< as they go out
  std::uint64_t filler = 0; ///< so many bytes after them
  bool close = false;       ///< the connection ends then
  bool stall = false;       ///< nothing more comes, and the connection stays open
};

/// One request as it came.
struct scripted_request {
  std::string head, body;
  unsigned connection = 0; ///< counted from 1

  std::string line() const { return head.substr(0, head.find("\r\n")); }
  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

/// A certificate that signs itself, in files that go with it.
class test_certificate {
public:
  /// @param names as X.509 has them: `DNS:localhost`, `IP:127.0.0.1`
  explicit test_certificate(const char* names);
  ~test_certificate();
  std::string certificate() const { return (folder_ / "certificate.pem").string(); }
  std::string key() const { return (folder_ / "key.pem").string(); }

private:
  std::filesystem::path folder_;
};

/// Answers by a script on a free port of 127.0.0.1, a thread for each connection, which are kept.
class scripted_server {
public:
  /// Runs on the server's threads.
  using script = std::function<scripted_answer(const scripted_request&)>;

  explicit scripted_server(script answer, const test_certificate* tls = nullptr);
  ~scripted_server();
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const;
  std::vector<scripted_request> requests() const;
  unsigned connections() const { return connections_; }
  std::uint64_t bytes_sent() const { return sent_; }

private:
  struct peer;
  void accept_all();
  void serve(peer& at, unsigned number);
  bool answer(peer& at, const scripted_request& request);

  script answer_;
  std::shared_ptr<void> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> connections_ = 0;
  std::atomic<std::uint64_t> sent_ = 0;
  mutable std::mutex mutex_;
  std::vector<scripted_request> requests_;
  std::list<std::shared_ptr<peer>> peers_;
  std::thread accepting_;
};

/// `HTTP/1.1 200 X` with its length and the other header lines.
scripted_answer plain_answer(int status, const std::string& body, const std::string& headers = {});
std::string gzipped(const std::string& text);
