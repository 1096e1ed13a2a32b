#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Budgets of GitHub's API: what the shared rows say, and what this node has leased and who waits at it.
void list_rate_limits(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
