#pragma once

#include "net/routes/table.hpp"

/// Signing in to the console and out, and whose browsers are signed in.
namespace ingot::routes {

/// With the admin token, or a name and a password. A name that nobody has costs as much as a wrong password.
void begin_console_session(const services& what, http::request req, path_parameters, http::responder done);

/// Who is signed in here, and the CSRF token.
void show_console_session(const services& what, http::request req, path_parameters, http::responder done);

void end_console_session(const services& what, http::request req, path_parameters, http::responder done);

/// One's own live sessions; an admin's listing has everybody's.
void list_console_sessions(const services& what, http::request req, path_parameters, http::responder done);
void revoke_console_session(const services& what, http::request req, path_parameters session_id, http::responder done);

} // namespace ingot::routes
