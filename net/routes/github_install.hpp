#pragma once

#include "net/routes/table.hpp"

/// How a user installs our GitHub App: a link, GitHub's page, and back with a state that counts once.
namespace ingot::routes {

/// Makes a link that a browser may follow, once, for the caller.
void make_install_link(const services& what, http::request req, path_parameters, http::responder done);

/// Sends the browser to GitHub's page (302). By a link, or by a user's key.
void begin_installation(const services& what, http::request req, path_parameters, http::responder done);

/// Takes the installation that GitHub sends the browser back with: the state is used up, the installer verified, and the
/// installation becomes a credential of the user. Answers a page without scripts.
void end_installation(const services& what, http::request req, path_parameters, http::responder done);

/// The caller's installations.
void list_installations(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
