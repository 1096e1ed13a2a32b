#pragma once

#include "model/job.hpp"
#include "model/time.hpp"

#include <string>
#include <string_view>

namespace ingot {

/// The kind of job that tells the application's webhook (settings.application.notify_url) of something.
inline constexpr const char* notification_job_kind = "notify";

/// A job that tells the application of an event: `{"type","timestamp","data"}` as Standard Webhooks suggests.
/// @param type `donation.succeeded`
/// @param data a JSON object
/// @param dedupe what makes it one of its kind, for ever: told once; empty: always
/// Its key is `notify/` and the type's first word, so that news of one kind arrive in order.
new_job notification_job(std::string_view type, std::string_view data, timestamp at, std::string_view dedupe);

} // namespace ingot
