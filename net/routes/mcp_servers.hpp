#pragma once

#include "model/mcp/manifest_validator.hpp"
#include "net/routes/table.hpp"

/// MCP servers: their manifests judged, and the list in the shape of the official registry's API, so that its clients can read
/// it.
namespace ingot::routes {

void validate_manifest(const services& what, http::request req, path_parameters none, http::responder done);
void list_servers(const services& what, http::request req, path_parameters none, http::responder done);
void show_server(const services& what, http::request req, path_parameters name, http::responder done);
void list_server_versions(const services& what, http::request req, path_parameters name, http::responder done);
void show_server_version(const services& what, http::request req, path_parameters name_and_version, http::responder done);

} // namespace ingot::routes
