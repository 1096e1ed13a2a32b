#include "model/fault.hpp"

namespace ingot {

std::string_view to_string(fault code) noexcept {
  switch (code) {
  case fault::none:
    return "none";
  case fault::malformed_body:
    return "malformed_body";
  case fault::missing_header:
    return "missing_header";
  case fault::missing_field:
    return "missing_field";
  case fault::invalid_fields:
    return "invalid_fields";
  case fault::bad_parameter:
    return "bad_parameter";
  case fault::unstorable_text:
    return "unstorable_text";
  case fault::missing_signature:
    return "missing_signature";
  case fault::bad_signature:
    return "bad_signature";
  case fault::unauthorized:
    return "unauthorized";
  case fault::forbidden:
    return "forbidden";
  case fault::not_configured:
    return "not_configured";
  case fault::not_found:
    return "not_found";
  case fault::method_not_allowed:
    return "method_not_allowed";
  case fault::conflict:
    return "conflict";
  case fault::body_too_large:
    return "body_too_large";
  case fault::unsupported_media_type:
    return "unsupported_media_type";
  case fault::overloaded:
    return "overloaded";
  case fault::rate_limited:
    return "rate_limited";
  case fault::storage_unavailable:
    return "storage_unavailable";
  case fault::refused_by_database:
    return "refused_by_database";
  case fault::upstream_failed:
    return "upstream_failed";
  case fault::lost:
    return "lost";
  case fault::stopping:
    return "stopping";
  case fault::internal:
    return "internal";
  case fault::bad_request_framing:
    return "bad_request_framing";
  case fault::head_too_large:
    return "head_too_large";
  case fault::target_too_long:
    return "target_too_long";
  case fault::request_timeout:
    return "request_timeout";
  case fault::expectation_failed:
    return "expectation_failed";
  case fault::version_not_supported:
    return "version_not_supported";
  case fault::not_implemented:
    return "not_implemented";
  case fault::too_many_connections:
    return "too_many_connections";
  }
  return "internal";
}

} // namespace ingot
