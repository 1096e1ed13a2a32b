#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Takes an event of Stripe's: verified over the raw body, parsed, and answered once it is kept.
void take_stripe_webhook(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
