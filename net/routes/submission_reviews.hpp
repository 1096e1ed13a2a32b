#pragma once

#include "net/routes/table.hpp"

/// Submissions of MCP servers, for reviewers. Who decides names the version that was looked at: of two at once the second is
/// told.
namespace ingot::routes {

void list_submissions(const services& what, http::request req, path_parameters, http::responder done);
void review_submission(const services& what, http::request req, path_parameters id, http::responder done);
void claim_submission(const services& what, http::request req, path_parameters id, http::responder done);
void release_submission(const services& what, http::request req, path_parameters id, http::responder done);

/// Lists the server in the same transaction; a job begins to follow its repository.
void approve_submission(const services& what, http::request req, path_parameters id, http::responder done);

void reject_submission(const services& what, http::request req, path_parameters id, http::responder done);
void request_submission_changes(const services& what, http::request req, path_parameters id, http::responder done);

} // namespace ingot::routes
