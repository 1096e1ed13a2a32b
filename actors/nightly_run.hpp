#pragma once

#include "actors/context.hpp"

namespace ingot {

/// Does a nightly run (kind `nightly_run`), or goes on with it: a batch of repositories at a time, each batch recorded in one
/// transaction, so that an attempt that is killed costs at most a batch of looks again. Blocks.
job_outcome run_nightly(const claimed_job& job, const node_context& context);

/// Tells the settings' nightly.alert_url of a broken rule (kind `nightly_alert`). Blocks.
job_outcome notify_of_alert(const claimed_job& job, const node_context& context);

} // namespace ingot
