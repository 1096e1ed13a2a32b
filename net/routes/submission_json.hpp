#pragma once

#include "storage/submissions.hpp"

#include <string>

/// Submissions of MCP servers as they are shown. What is not known is null.
namespace ingot::routes {

/// Who looks: its submitter does not see the names of reviewers.
enum class submission_reader : std::uint8_t { submitter, reviewer };

/// All of one, with its history.
std::string to_json(const storage::submission_record& x, submission_reader who);

/// One line of a reviewer's list: without manifest, report, README, note and history.
std::string to_json(const storage::submission_record& x);

} // namespace ingot::routes
