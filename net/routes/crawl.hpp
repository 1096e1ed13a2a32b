#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// POST /ingest/crawl: takes the items of a crawl partner and answers what became of them, after COMMIT.
void take_crawl_items(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
