#pragma once

#include "net/routes/table.hpp"

/// Submissions of MCP servers, for those who submit them: by the API key of a user, or by the token that the answer to a
/// submission by e-mail holds. What somebody else submitted looks like what is not there.
namespace ingot::routes {

/// Takes a submission: its manifest is validated at once, that of a repository is read by a job.
void submit_server(const services& what, http::request req, path_parameters, http::responder done);

/// Status, history, validation report.
void show_submission(const services& what, http::request req, path_parameters id, http::responder done);

/// Changes what is submitted, as long as it may be changed.
void revise_submission(const services& what, http::request req, path_parameters id, http::responder done);

void withdraw_submission(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
