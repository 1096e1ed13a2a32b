#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

/// Every way in which the node refuses or fails. `net/http/message.cpp` is the one place that turns
/// these into HTTP statuses, `storage/connection_failure.cpp` the one that says what a failure of
/// the database means.
enum class fault : std::uint8_t {
  none = 0,
  malformed_body,         ///< not the JSON, form or text that was announced
  missing_header,         ///< a header that the route needs
  missing_field,          ///< a field that the event needs, or one of the wrong type
  invalid_fields,         ///< fields that are absent or not what they must be; every one is named
  bad_parameter,          ///< a part of the path or the query that is not what it should be
  unstorable_text,        ///< NUL, lone surrogate, bad UTF-8, nesting over 64, a number beyond double
  missing_signature,      ///< no signature that counts (SHA-1 alone does not)
  bad_signature,          ///< a signature that no live secret made
  unauthorized,           ///< no token or a wrong one
  forbidden,              ///< a token that may not do this
  not_configured,         ///< the route has no secret, so it takes nothing
  not_found,              ///< no such route or row
  method_not_allowed,     ///< the route exists, the method does not
  conflict,               ///< the state does not allow it
  body_too_large,         ///< over the route's limit
  unsupported_media_type, ///< a content type that the route does not read
  overloaded,             ///< a bound is reached: try again
  rate_limited,           ///< one sender has used up its share: try again when Retry-After says
  storage_unavailable,    ///< neither the database nor the spool can take it: try again
  refused_by_database,    ///< the database refuses this one item
  upstream_failed,        ///< GitHub, or another server that we had to ask, did not answer as it should: try again
  lost,                   ///< its holder died before answering: try again
  stopping,               ///< the node drains
  internal,               ///< a defect of ours
  bad_request_framing,    ///< not HTTP/1.1 as RFC 9112 has it, or ambiguous: the connection ends
  head_too_large,         ///< request line and fields are over the server's limit
  target_too_long,        ///< the request target is over the server's limit
  request_timeout,        ///< head, body or the reading of the answer was too slow
  expectation_failed,     ///< an Expect other than 100-continue
  version_not_supported,  ///< neither HTTP/1.0 nor HTTP/1.1
  not_implemented,        ///< a method or transfer coding that this server does not have
  too_many_connections,   ///< of all, or of one address: try again
};

/// The name that stands in answers, logs and metrics: `bad_signature` and so on.
std::string_view to_string(fault code) noexcept;

/// One place in the input, and what is wrong there.
struct fault_detail {
  std::string pointer; ///< JSON pointer, header name or byte offset (`byte 17`)
  std::string message; ///< what was expected and what came
};

/// A refusal with what a person needs to act.
struct failure {
  fault code = fault::none;
  std::string message;
  std::vector<fault_detail> details;
};

} // namespace ingot
