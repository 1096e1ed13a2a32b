#pragma once

#include "net/routes/table.hpp"

/// The repositories that users follow. Another user's look as if they were not there.
namespace ingot::routes {

/// Follows one, once its provider has said that the credential can see it: that is asked on a thread of its own, at most
/// lookups_max at a time, and the answer waits without a thread.
void follow_repository(const services& what, http::request req, path_parameters, http::responder done);
inline constexpr unsigned lookups_max = 16;

void list_followed(const services& what, http::request req, path_parameters, http::responder done);
void show_followed(const services& what, http::request req, path_parameters id, http::responder done);
void change_followed(const services& what, http::request req, path_parameters id, http::responder done);
void unfollow_repository(const services& what, http::request req, path_parameters id, http::responder done);

/// A sync by hand: answered 202 with its job.
void sync_followed(const services& what, http::request req, path_parameters id, http::responder done);
void list_followed_syncs(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
