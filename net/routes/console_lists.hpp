#pragma once

#include "net/routes/table.hpp"

/// What operators look at over all senders and users: pages of lists, by key.
namespace ingot::routes {

/// Kept deliveries, the newest first.
void list_kept_deliveries(const services& what, http::request req, path_parameters, http::responder done);

/// Every kept attempt of a delivery, with what came.
void show_kept_delivery(const services& what, http::request req, path_parameters delivery_id, http::responder done);

/// Followed repositories of all users.
void list_all_repositories(const services& what, http::request req, path_parameters, http::responder done);
void sync_any_repository(const services& what, http::request req, path_parameters repository_id, http::responder done);
void list_any_repository_syncs(const services& what, http::request req, path_parameters repository_id, http::responder done);

/// The settings that hold, without secrets.
void show_settings(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
