#pragma once

#include "model/job.hpp"

#include <cstdint>
#include <string_view>

namespace ingot::contents {

/// The kind of job that tells the settings' contents.changes_url of a sync that changed files.
inline constexpr const char* content_notify_kind = "content_notify";

/// Such a job. Its payload is the message's body; the feed has the changes themselves.
new_job changes_notification(std::int64_t repository_id, std::int64_t sync_id, std::string_view commit, std::int64_t added,
                             std::int64_t modified, std::int64_t removed);

} // namespace ingot::contents
