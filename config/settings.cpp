#include "config/settings.hpp"

namespace ingot {

const job_policy& policy_of(const job_settings& of, std::string_view kind) noexcept {
  if (kind == "site_sync")
    return of.site_sync;
  if (kind == "submission_mail")
    return of.mail;
  if (kind == "submission_fetch" || kind == "submission_track")
    return of.pull_request_files;
  if (kind == "site_notify" || kind == "notify" || kind == "submission_webhook")
    return of.site_notify;
  if (kind == "content_sync")
    return of.content_sync;
  if (kind == "pull_request_files")
    return of.pull_request_files;
  if (kind == "manifest_check")
    return of.manifest_check;
  if (kind == "releases_fetch")
    return of.releases_fetch;
  return of.other;
}

password_cost cost_of(const console_settings& of) noexcept {
  return {static_cast<std::uint32_t>(of.password_memory / 1024), of.password_passes};
}

} // namespace ingot
