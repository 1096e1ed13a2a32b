#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// GET /api/v1/changes: a line of JSON for each change of a file, of the caller's repositories (an admin's: of all), from `after`
/// on. With `wait` the answer comes when there is a change, or after so many seconds without one; no thread waits. The field
/// `X-Next-Cursor` tells where to go on, also when there was none.
void feed_changes(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
