#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// The newest audit lines; parameters actor, action, subject, since, until, limit (1 to 1000) and after (`next` of the page
/// before).
void list_audit_lines(const services& what, http::request req, path_parameters, http::responder done);

/// All of them from the oldest on, as NDJSON or CSV (parameter format), a piece at a time; the same filters.
void export_audit_lines(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
