#pragma once

#include "model/fault.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ingot::http {

/// A header field by its lower-case name.
using field = std::pair<std::string, std::string>;

/// The head of a request, frozen before its body is read: what a chunked body carries in trailers is thrown away.
struct request_head {
  std::string method;     ///< `GET`, `POST`, …; a HEAD is shown as `GET` with head_only
  std::string path;       ///< target without query, still percent-encoded; `/` at least
  std::string query;      ///< without the `?`, still percent-encoded
  bool head_only = false; ///< the answer's body is counted and not sent (RFC 9110 9.3.2)
  std::vector<field> fields;
  std::string remote_address; ///< of the peer, without port
  std::string request_id;     ///< made by the server; unique; also in the answer (`X-Request-Id`) and the log

  /// The value of the field `lower_case_name`, or empty. The server joins repeated fields with ", " (RFC 9110 5.2).
  std::string_view operator[](std::string_view lower_case_name) const noexcept;
  bool has(std::string_view lower_case_name) const noexcept;
};

/// Who asks, as far as the door of a route has found out; nobody's name where it does not ask.
struct request_caller {
  std::string actor;           ///< as in the audit log: `admin` (the admin token), `admin ada`, `reviewer grace`
  std::string name;            ///< of an account; empty: the admin token
  bool is_admin = false;       ///< may do whatever the admin token may
  std::int64_t account_id = 0; ///< 0: the admin token
  std::int64_t session_id = 0; ///< 0: without a session
};

struct request {
  request_head head;
  std::string body; ///< raw bytes; reserved for simdjson's padding beyond its size
  timestamp received_at{};
  request_caller by = {};
};

class body_source;

/// Of a body whose end nobody knows beforehand: it ends with an empty piece, and the connection with it. Sent in chunks, so that
/// one that broke off is known from a whole one.
inline constexpr auto unknown_length = ~std::uint64_t{0};

struct response {
  unsigned status = 200;
  std::string body; ///< JSON unless content_type says otherwise
  std::string content_type = "application/json";
  std::vector<field> fields;           ///< further ones: `retry-after`, …
  bool close = false;                  ///< end the connection after it
  fault why = fault::none;             ///< that it tells of; only for whoever counts answers
  std::shared_ptr<body_source> source; ///< gives the body piece by piece instead of `body`
  std::uint64_t source_bytes = 0;      ///< how long it will be; or unknown_length
};

/// Sets a further field, replacing one of that lower-case name.
void set_field(response& to, std::string_view name, std::string value);

/// `{"error":{"code","message","details":[{"pointer","message"}],"request_id"}}` with the status that belongs to the code.
/// The one place where a fault becomes an answer. Retry-After: 1 stands on 429 and on a 503 that passes by itself (so not on
/// not_configured). Texts may hold any bytes: what is not UTF-8 is shown as U+FFFD.
response refusal(const failure& why, std::string_view request_id);

/// The HTTP status of a fault.
unsigned status_of(fault code) noexcept;

} // namespace ingot::http
