#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Takes a site's module inventory. Answers 200 after COMMIT, 202 when it is stored as a job.
void take_site_sync(const services& what, http::request req, path_parameters site_id, http::responder done);

} // namespace ingot::routes
