#pragma once

#include "net/http/message.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace ingot::http {

enum class connection_option : std::uint8_t {
  none,      ///< HTTP/1.1 stays open by itself
  close,     ///< the connection ends after this answer
  keep_alive ///< HTTP/1.0 that asked for it
};

/// What the server adds to an application's answer.
struct answer_frame {
  std::string_view date; ///< IMF-fixdate
  std::string_view request_id;
  connection_option connection = connection_option::none;
  bool head_only = false;
  bool chunked = false; ///< a body of unknown length tells its end; else the connection's end is the body's (HTTP/1.0)
};

/// Appends `what` as it stands on the wire (RFC 9112). A CR, LF or NUL in a field becomes a space: no answer is ever split.
void append_answer(std::string& out, const response& what, const answer_frame& frame);

/// Appends a chunk of the chunked coding (RFC 9112 section 7.1); an empty one is the last.
void append_chunk(std::string& out, std::string_view data);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
std::string imf_fixdate(std::chrono::sys_seconds at);

} // namespace ingot::http
