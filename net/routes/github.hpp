#pragma once

#include "net/routes/table.hpp"

#include <optional>

namespace ingot::routes {

/// What the head alone shows: no secret is configured, or a content type that GitHub does not send.
std::optional<failure> refuse_github_head(const services& what, const http::request_head& head);

/// Verifies the signature over the raw body, parses, and hands the delivery to the actors. Answers 200 only after COMMIT (or the
/// spool's fsync).
void take_github_webhook(const services& what, http::request req, path_parameters, http::responder done);

/// `{"status":…,"delivery":…,"request_id":…}` or the refusal.
http::response answer_of(const receipt& x, std::string_view delivery_id, std::string_view request_id);

} // namespace ingot::routes
