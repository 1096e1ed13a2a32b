#pragma once

#include "net/routes/table.hpp"

/// Sites and their keys, for operators. What changes something leaves an audit line.
namespace ingot::routes {

void add_site(const services& what, http::request req, path_parameters, http::responder done);
void list_sites(const services& what, http::request req, path_parameters, http::responder done);
void show_site(const services& what, http::request req, path_parameters site_id, http::responder done);
void disable_site(const services& what, http::request req, path_parameters site_id, http::responder done);
void enable_site(const services& what, http::request req, path_parameters site_id, http::responder done);

/// The answer is the one place where the key is shown.
void create_key(const services& what, http::request req, path_parameters site_id, http::responder done);
void list_keys(const services& what, http::request req, path_parameters site_id, http::responder done);
void revoke_key(const services& what, http::request req, path_parameters key_id, http::responder done);

} // namespace ingot::routes
