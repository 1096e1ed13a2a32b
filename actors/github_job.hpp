#pragma once

#include "actors/context.hpp"
#include "model/contents/provider.hpp"

namespace ingot {

/// What a refusal or a silence of GitHub's means for the job that met it: put off until a limit is over, worth another attempt,
/// or for good.
job_outcome outcome_of(const contents::provider_error& e, const node_context& context);

/// Work of a job that asks GitHub. Blocks. May throw contents::provider_error, storage::store_error and what libpqxx throws.
using github_work = job_outcome (*)(const claimed_job& job, const node_context& context);

/// Does `work`, and makes an outcome of whatever it throws.
job_outcome attempt_github_work(github_work work, const claimed_job& job, const node_context& context);

/// Hands such jobs to a detached actor each; the kind's policy bounds how many there are.
job_handler github_jobs(caf::actor_system& system, const node_context& context, github_work work);

} // namespace ingot
