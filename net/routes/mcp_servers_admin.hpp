#pragma once

#include "net/routes/table.hpp"

/// MCP servers as operators see them.
namespace ingot::routes {

/// What was found of manifests in one followed repository, and what the last looks came to.
void list_repository_manifests(const services& what, http::request req, path_parameters repository_id, http::responder done);

/// Marks a listed server as deprecated, or takes that back. 409 for one that is deleted.
void change_server(const services& what, http::request req, path_parameters name, http::responder done);

} // namespace ingot::routes
