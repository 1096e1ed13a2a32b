#pragma once

#include "net/routes/table.hpp"

/// Reading what is stored of a followed repository; for its owner, and for admins.
namespace ingot::routes {

/// GET /api/v1/repositories/{repository_id}/files
void list_repository_files(const services& what, http::request req, path_parameters repository_id, http::responder done);

/// GET /api/v1/repositories/{repository_id}/files/{file_path*}/content
void send_file_content(const services& what, http::request req, path_parameters repository_id_and_path, http::responder done);

} // namespace ingot::routes
