#pragma once

#include "net/routes/table.hpp"

/// What sites have installed, for the sites themselves and for operators. A site's key reads its own site's rows alone.
namespace ingot::routes {

void list_site_modules(const services& what, http::request req, path_parameters site_id, http::responder done);
void list_module_changes(const services& what, http::request req, path_parameters site_id_and_name, http::responder done);
void list_site_syncs(const services& what, http::request req, path_parameters site_id, http::responder done);

/// Which sites have the module, and in which version.
void show_module(const services& what, http::request req, path_parameters machine_name, http::responder done);

/// What is installed now and its hash, for differential syncs.
void show_site_state(const services& what, http::request req, path_parameters site_id, http::responder done);

} // namespace ingot::routes
