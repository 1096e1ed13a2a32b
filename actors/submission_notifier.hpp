#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Tells the settings' submissions.notify_url of a step of a submission: posts the payload of a `submission_webhook` job, signed.
/// Blocks.
job_outcome notify_of_submission(const claimed_job& job, const node_context& context);

/// Writes to the submitter: a `submission_mail` job. What the mail server refuses for now is tried again; what it refuses for
/// good is for good. Nothing is sent without a mail server, or to an address that wants none. Blocks; throws what storage throws.
job_outcome mail_submitter(const claimed_job& job, const node_context& context);

} // namespace ingot
