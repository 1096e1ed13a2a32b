#pragma once

#include "model/contents/provider.hpp"
#include "model/fault.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ingot::mcp {

/// The kind of the jobs that look at the manifests and the README of one followed repository.
inline constexpr const char* manifest_check_kind = "manifest_check";

/// Asks for such a look. The repository's row says where manifests may lie.
struct check_order {
  std::int64_t repository_id = 0; ///< of provider_repositories
  contents::urgency how = contents::urgency::manual;
  bool full = false; ///< asks for every file, whatever is known of it
};

/// Its job: checks of one repository go one after the other, in the order of their enqueueing.
/// @param dedupe_key enqueued once; empty: always
new_job job_of(const check_order& x, std::string dedupe_key = {});

/// Reads a job's payload back.
std::variant<check_order, failure> parse_check_order(std::string_view payload);

} // namespace ingot::mcp
