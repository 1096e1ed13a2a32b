#pragma once

#include "net/routes/table.hpp"
#include "storage/crawl_sources.hpp"

#include <string>
#include <vector>

namespace ingot::routes {

void add_crawl_source(const services& what, http::request req, path_parameters, http::responder done);
void list_crawl_sources(const services& what, http::request req, path_parameters, http::responder done);
void disable_crawl_source(const services& what, http::request req, path_parameters source_id, http::responder done);
void enable_crawl_source(const services& what, http::request req, path_parameters source_id, http::responder done);

/// The same JSON for the admin API and `ingot sources … --json`.
std::string to_json(const storage::crawl_source_record& x);

/// A page that was asked with one source more than `limit`.
std::string sources_json(const std::vector<storage::crawl_source_record>& sources, std::size_t limit);

} // namespace ingot::routes
