#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Up to when every delivery of GitHub's is known to be here, what is missing and what is lost, by hook.
void show_receipt(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
