#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// POST /ingest/events.
void take_events(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
