#pragma once

#include "net/routes/table.hpp"

namespace ingot::routes {

/// Begins a nightly run: 202 with it; 409 while another one is unfinished.
void start_nightly_run(const services& what, http::request req, path_parameters none, http::responder done);

/// A page of them, the newest first.
void list_nightly_runs(const services& what, http::request req, path_parameters none, http::responder done);

/// One of them.
void show_nightly_run(const services& what, http::request req, path_parameters id, http::responder done);

/// A page of the repositories that it changed or failed at.
void list_nightly_items(const services& what, http::request req, path_parameters id, http::responder done);

/// A stream of events: `run` with the run, at once and whenever it has gone on; after the one with its end the stream ends.
void watch_nightly_run(const services& what, http::request req, path_parameters id, http::responder done);

/// Asks it to stop: it does before its next repositories.
void cancel_nightly_run(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
