#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Reads a kept delivery and applies it again, although its id is known.
void replay_delivery(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
