#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::testing {

/// The connection was refused, reset, closed before an answer, or silent for too long.
struct http_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using header = std::pair<std::string, std::string>;

struct http_answer {
  int status = 0;
  std::vector<header> headers; ///< names in lower case
  std::string body;

  /// Value of the first header of that (lower-case) name, or empty.
  std::string operator[](std::string_view name) const;
};

/// One blocking keep-alive connection to 127.0.0.1, on a socket of its own: no library of the node's is between a test and the
/// bytes.
class http_client {
public:
  /// Throws http_error when nobody listens.
  explicit http_client(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds{30});
  http_client(http_client&& other) noexcept;
  http_client& operator=(http_client&& other) noexcept;
  ~http_client();

  /// Sends one request (Host and Content-Length are added) and reads its answer.
  http_answer request(std::string_view method, std::string_view target, const std::vector<header>& headers = {},
                      std::string_view body = {});

  http_answer get(std::string_view target) { return request("GET", target); }

  /// Sends bytes as they are.
  void send(std::string_view bytes);

  /// Reads one answer; that to a HEAD has no body, one of no given length ends with its connection. Throws http_error when the
  /// peer closes before its end.
  http_answer read_answer(bool to_head = false);

  /// Waits until the peer closes. @returns false when it sends something else or keeps the connection past the patience
  bool closed_by_peer();

private:
  bool receive(); ///< @returns false at the end
  void fill();
  void read_chunks(std::string& into);

  int fd_ = -1;
  std::string buffer_;
};

} // namespace ingot::testing
