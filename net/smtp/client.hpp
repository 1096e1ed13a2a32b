#pragma once

#include "config/settings.hpp"

#include <functional>
#include <stdexcept>
#include <string>

/// Sends mail over SMTP (RFC 5321) by libcurl.
namespace ingot::smtp {

/// A mail on its way: the addresses of the envelope, and the message as model/mail/message composes it.
struct letter {
  std::string from, to;
  std::string message;
};

/// The server did not take it. The text holds its last answer; no password (law 9).
class not_sent : public std::runtime_error {
public:
  not_sent(bool for_good, const std::string& why) : std::runtime_error{why}, for_good_{for_good} {}

  /// Will the same letter never be taken (5xx to its recipient or its text)? Else it may be another time: 4xx, no answer, and
  /// whatever the operator can mend: TLS, the login, the sender, a server that wants to speak to nobody.
  bool for_good() const noexcept { return for_good_; }

private:
  bool for_good_;
};

/// Blocks. Throws not_sent. Once the server has said 250 to the message it is sent; an answer that never came is not, so that a
/// letter may arrive twice and never gets lost. A server has `to.timeout` until it lets one in, and ten minutes for its word on a
/// message (RFC 5321 4.5.3.2.6).
/// @param is_over is asked about once a second: true gives up
/// @pre `to.url` is set
void send(const smtp_settings& to, const letter& x, const std::function<bool()>& is_over = {});

/// What keeps `url` from being one of a mail server: `smtp://` or `smtps://`, a host, no path and no user name. Empty: nothing.
std::string judge_url(const std::string& url);

} // namespace ingot::smtp
