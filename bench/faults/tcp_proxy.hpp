#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace ingot::bench {

/// Which way bytes go: a client asks, a server answers.
enum class flow_direction { to_server, to_client };

/// What a proxy has seen so far.
struct proxy_counts {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;          ///< connections now
  std::uint64_t cut = 0;           ///< by order
  std::uint64_t server_failed = 0; ///< the server refused or reset the connection, or is not there
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

/// Stands between a node and its database: takes TCP connections at a free port of 127.0.0.1 and passes them on, with faults on
/// demand, on a thread of its own. Every order has been carried out when its function returns. Callable from any thread.
/// The constructor throws std::system_error when there is no port to be had.
class tcp_proxy {
public:
  /// `server`: `address:port` (IPv4), or the absolute path of a Unix socket. It need not be there yet.
  explicit tcp_proxy(const std::string& server);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  std::uint16_t port() const noexcept;

  /// Resets all connections; what was on its way is lost.
  void cut_all();

  /// New connections are refused (connection refused), or taken again. Those that are open go on.
  void refuse(bool on);

  /// Bytes of that direction arrive so much later; 0: at once. Their order stays.
  void delay(flow_direction way, std::chrono::milliseconds by);

  /// Connections are taken and stay open, and nothing passes, either way; off: it goes on where it stood.
  void stall(bool on);

  /// On every connection that is open now: the receiver of that direction reads an end of file after what has passed; whatever
  /// its sender sends from now on is thrown away. The other direction goes on.
  void half_close(flow_direction way);

  /// Once `bytes` more have passed in that direction, on all connections together, the connection whose bytes would be the next
  /// is reset; then the order is used up. (to_client, 0): the next answer that the server gives to anything is lost, and whoever
  /// asked cannot know whether it was done.
  void cut_after(flow_direction way, std::uint64_t bytes);

  /// Ends all of these but a cut: takes connections, passes everything at once.
  void heal();

  proxy_counts counts() const;

private:
  struct loop;
  std::unique_ptr<loop> loop_;
};

} // namespace ingot::bench
