#pragma once

#include "model/mcp/submission_mail.hpp"
#include "net/routes/services.hpp"
#include "storage/submissions.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ingot::routes {

/// The token that lets its holder do `kind` with a submission.
std::string submission_token(const services& what, mcp::submission_link kind, std::int64_t id);

/// Is it one, made with the master key of now or the one before?
bool is_good_token(const services& what, std::string_view token, mcp::submission_link kind, std::int64_t id);

/// What `work` answers, or its storage::refused_change. Who has not the token or the key for what he asks leaves an audit line;
/// who is past a limit of a day is told when to come again.
http::response refusing(const services& what, const http::request& asked, const std::function<http::response()>& work);

/// What the settings allow of submissions.
storage::submission_rules submission_rules_of(const settings& of);

} // namespace ingot::routes
