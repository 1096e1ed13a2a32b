#pragma once

#include "actors/context.hpp"

namespace ingot {

/// The kind of jobs that ask for the files of a pull request (model/github/decide enqueues them).
inline constexpr const char* pull_request_files_kind = "pull_request_files";

/// GitHub lists no more files of a pull request.
inline constexpr std::size_t pull_request_files_max = 3'000;

/// Patches of one pull request that are kept, in bytes; files whose patch comes after have none.
inline constexpr std::size_t patch_bytes_max = 4 * 1024 * 1024;

/// Asks GitHub for the files of a pull request, and writes them unless its head is another one by now (law 4). With the
/// credential of the repository's installation, else with the node's token or none. Blocks.
job_outcome fetch_pull_request_files(const claimed_job& job, const node_context& context);

} // namespace ingot
