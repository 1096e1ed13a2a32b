#pragma once

#include "model/drupal/site_sync.hpp"

#include <string>

namespace ingot::drupal {

/// The kind of jobs that tell a site's webhook of a sync. Their payload is site_sync_event(), their key notify_job_key().
inline constexpr const char* notify_job_kind = "site_notify";

/// `site/7/notify`: events of one site are told in their order.
std::string notify_job_key(std::int64_t site_id);

/// The body that a site's webhook gets when a sync is over:
/// {"type":"site.sync.completed","timestamp":…,"data":{"sync_id","site_id","outcome","processed_count","new_modules",
/// "updated_modules","removed_modules","security_updates_found","warnings","errors","state_hash"}}, the last but one as counts.
/// @param at when the sync was over
std::string site_sync_event(const sync_result& x, timestamp at);

} // namespace ingot::drupal
