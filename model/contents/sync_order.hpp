#pragma once

#include "model/contents/provider.hpp"
#include "model/fault.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ingot::contents {

/// Kinds of jobs that bring one followed repository, or a batch of them, up to date.
inline constexpr const char* content_sync_kind = "content_sync";
inline constexpr const char* content_check_kind = "content_check";

/// What a push said of the branch that is followed.
struct push_news {
  std::string branch;
  object_id before, after;          ///< zeros: created, deleted
  object_id tree;                   ///< of `after`; zeros: not said
  std::optional<timestamp> at = {}; ///< the repository's pushed_at, to the second
};

/// Asks for one followed repository to be brought up to date.
struct sync_order {
  std::int64_t repository_id = 0; ///< of provider_repositories
  urgency how = urgency::manual;
  bool full = false; ///< lists all files even when the branch has not moved
  std::optional<push_news> push = {};
};

/// The job of one: its key is the repository's, so that a repository's syncs go one after the other.
/// @param dedupe_key enqueued once; empty: always
new_job job_of(const sync_order& x, std::string dedupe_key = {});

/// `contents/7`
std::string job_key_of(std::int64_t repository_id);

/// The job that looks whether repositories of a batch have changed, and its payload read back.
new_job check_job_of(std::span<const std::int64_t> repositories);
std::variant<std::vector<std::int64_t>, failure> parse_check_order(std::string_view payload);

/// Reads a job's payload back.
std::variant<sync_order, failure> parse_sync_order(std::string_view payload);

} // namespace ingot::contents
