#pragma once

#include "net/http/message.hpp"

#include <string_view>

namespace ingot::routes {

/// What Authorization carries with the scheme Bearer, or empty. It lives as long as `head`.
std::string_view bearer_token(const http::request_head& head);

/// What was presented as a site's key, in X-API-Key or as Authorization: Bearer, or empty. The former wins unless it is empty.
/// It lives as long as `head`.
std::string_view presented_key(const http::request_head& head);

} // namespace ingot::routes
