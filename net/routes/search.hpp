#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// GET /api/v1/search
void search_documents(const services& what, http::request req, path_parameters, http::responder done);

/// POST /cron/rebuild-search: 202 with the rebuild's job, 409 while one is not over.
void rebuild_search(const services& what, http::request req, path_parameters, http::responder done);

/// GET /cron/rebuild-search/{job_id}
void show_search_rebuild(const services& what, http::request req, path_parameters job_id, http::responder done);

} // namespace ingot::routes
