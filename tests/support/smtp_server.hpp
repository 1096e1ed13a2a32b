#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ingot::testing {

/// A mail that the server has taken.
struct received_mail {
  std::string from, to; ///< of the envelope
  bool tls = false;
  std::string message; ///< as it came, lines ended by CRLF
};

/// A real mail server (aiosmtpd of Debian's python3-aiosmtpd) as a child process on a port of its own. What it refuses is told by
/// the recipient: tests/support/smtp_server/server.py.
class smtp_server {
public:
  enum class security { plain, tls_and_login };

  /// Null, with a warning that says why, when Python or its package cannot be had.
  static std::unique_ptr<smtp_server> start(security how = security::plain);

  ~smtp_server();
  smtp_server(const smtp_server&) = delete;
  smtp_server& operator=(const smtp_server&) = delete;

  std::string url() const { return "smtp://localhost:" + std::to_string(port_); }
  std::filesystem::path certificate() const { return folder_ / "certificate.pem"; }

  /// What it has taken, in order.
  std::vector<received_mail> mails() const;

private:
  smtp_server(std::filesystem::path folder, int process, std::uint16_t port)
      : folder_{std::move(folder)}, process_{process}, port_{port} {}

  std::filesystem::path folder_;
  int process_;
  std::uint16_t port_;
};

} // namespace ingot::testing
