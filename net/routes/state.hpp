#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// `direct`, `draining` or `away`.
std::string_view to_string(database_state x) noexcept;

/// The process lives. Touches neither database nor actors.
void get_health(const services& what, http::request req, path_parameters, http::responder done);

/// 200 when deliveries reach the database and it is migrated, else 503; either way with what was found.
void get_ready(const services& what, http::request req, path_parameters, http::responder done);

void get_metrics(const services& what, http::request req, path_parameters, http::responder done);

void get_openapi(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
