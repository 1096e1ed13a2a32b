#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Begins a rollup and answers when it is over: 200 with what it came to, 500 when it failed; 202 when the caller prefers not to
/// wait (`Prefer: respond-async`), when it takes longer than ten minutes, and when the node stops; 409 while another one is
/// unfinished. A dry run answers 200 with what it would come to, and writes nothing.
void take_rollup(const services& what, http::request req, path_parameters, http::responder done);

/// One rollup, and how far it is.
void show_rollup(const services& what, http::request req, path_parameters run_id, http::responder done);

/// The newest rollups.
void list_rollups(const services& what, http::request req, path_parameters, http::responder done);

} // namespace ingot::routes
