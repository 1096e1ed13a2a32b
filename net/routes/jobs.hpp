#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// The newest jobs; parameters state, kind, key, limit (1 to 1000) and before (`next` of the page before).
void list_jobs(const services& what, http::request req, path_parameters, http::responder done);

void show_job(const services& what, http::request req, path_parameters id, http::responder done);

/// A sync that became a job, for the site that sent it.
void show_own_job(const services& what, http::request req, path_parameters id, http::responder done);

/// Makes a failed or dead job pending again.
void retry_job(const services& what, http::request req, path_parameters id, http::responder done);

/// Makes a pending job a dead letter.
void bury_job(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
