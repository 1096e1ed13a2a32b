#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ingot::testing {

/// A request as it came; names of headers in lower case.
struct web_request {
  std::string method, path; ///< path: still percent-encoded, without the query
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> query; ///< decoded
  std::string query_text, body;

  std::string_view operator[](std::string_view header) const noexcept; ///< or empty
  std::optional<std::string> parameter(std::string_view name) const;
};

std::string percent_decoded(std::string_view text);

struct web_answer {
  unsigned status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// Instead of `body`: writes it piece by piece, chunked. Throws when the peer is gone.
  std::function<void(const std::function<void(std::string_view)>& write)> stream;

  std::shared_ptr<void> hold; ///< is let go once the answer is sent, or cannot be

  // What goes wrong on the way.
  std::chrono::milliseconds stall{0};     ///< nothing is sent for so long; what is left is sent after it
  std::optional<std::size_t> cut_after{}; ///< the connection ends after so many bytes of the body
};

/// A blocking HTTP/1.1 server on 127.0.0.1 with a thread for each connection: unlike net/http's it can stream, stall and cut.
/// For peers that are no enemies.
class web_server {
public:
  using handler = std::function<web_answer(const web_request&)>;

  /// @param port 0: any
  web_server(std::uint16_t port, handler handle);
  ~web_server();
  web_server(const web_server&) = delete;
  web_server& operator=(const web_server&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  std::uint64_t connections() const noexcept { return connections_; }

private:
  struct peer {
    int socket = -1;
    bool ended = false;
    std::thread thread;
  };
  void accept_all();
  void serve(peer& with);
  bool answer(int socket, const web_request& request, web_answer&& what);
  bool nap(std::chrono::milliseconds time);
  void reap(bool all);

  handler handle_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> bytes_sent_ = 0, connections_ = 0;
  std::mutex mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::list<peer> peers_;
  std::thread acceptor_;
};

} // namespace ingot::testing
