#pragma once

#include "net/http/server.hpp"
#include "net/routes/services.hpp"
#include "net/routes/table.hpp"

namespace ingot::routes {

/// Whose turn a request takes (net/http/turns.hpp). Who shows a live secret is known by that; others by their address, and there
/// by the key or the webhook's target that they show: nobody has proved those yet, so nobody can take another one's turns by
/// them. Nobody's: a GET; a door that one party alone comes to; and the webhook of a GitHub App, which brings deliveries of many:
/// REPOSITORIES keep those apart.
http::sender sender_of(const services& what, const http::request_head& head, const route& to);

} // namespace ingot::routes
