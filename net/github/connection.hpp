#pragma once

#include "config/settings.hpp"
#include "net/github/origin.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::github {

/// Of an answer, in bytes, with its status line.
inline constexpr std::size_t head_bytes_max = 64 * 1024;

/// What TLS connections trust: the system's authorities and the settings' certificate. Shared by all connections, read-only.
class tls_trust {
public:
  /// Throws std::runtime_error when the certificate cannot be read.
  explicit tls_trust(const github_api_settings& settings);
  ~tls_trust();

  struct context;
  context& of() const noexcept { return *context_; }

private:
  std::unique_ptr<context> context_;
};

/// A connection did not do what was asked; it is of no use any more. The text names the host at most.
class connection_failure : public std::runtime_error {
public:
  enum class reason : std::uint8_t {
    other,
    closed,          ///< by the other side, at once: it was not silent
    address_refused, ///< the host has no address that may be gone to
  };
  connection_failure(const std::string& what, reason why) : std::runtime_error{what}, why_{why} {}
  reason why() const noexcept { return why_; }

private:
  reason why_;
};

/// How a connection is made.
struct dialling {
  std::chrono::milliseconds timeout{30'000}; ///< of silence
  bool public_only = false;                  ///< to no address that is private, loopback or otherwise not of the open internet
};

/// What goes out.
struct outgoing {
  std::string_view method, target, body;
  std::vector<std::pair<std::string_view, std::string_view>> headers; ///< beside host, connection and content-length
};

struct answer_head {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
};

/// One HTTP/1.1 connection with an event loop of its own, which runs only inside these calls: they block, and no call waits
/// longer than the timeout without a byte (resolving a name takes as long as the system's resolver does). One thread at a time.
/// All but the last two throw connection_failure.
class connection {
public:
  virtual ~connection() = default;

  /// Resolves, dials and shakes hands: the certificate must be the host's.
  static std::unique_ptr<connection> open(const origin& to, const tls_trust& trust, const dialling& how);

  virtual void send(const outgoing& x, std::chrono::milliseconds timeout) = 0;
  virtual answer_head read_head(bool of_head_request) = 0;
  /// The body's next bytes, undone of their transfer coding; empty at its end. They live until the next call.
  virtual std::string_view read_some() = 0;

  /// The answer has been read to its end, and the other side keeps the connection.
  virtual bool is_reusable() const noexcept = 0;
  /// Nothing has come since: it looks as if it could be used again.
  virtual bool is_quiet() noexcept = 0;
  /// All that came, as the network had it (TLS undone).
  virtual std::uint64_t bytes_read() const noexcept = 0;
};

/// Is `at` somewhere that is not of the open internet? Asks the resolver. Throws connection_failure.
bool leads_to_private(const origin& at);

} // namespace ingot::github
