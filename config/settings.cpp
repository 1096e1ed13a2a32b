#include "config/settings.hpp"

namespace ingot {

const job_policy& policy_of(const job_settings& of, std::string_view kind) noexcept {
  if (kind == "site_sync")
    return of.site_sync;
  if (kind == "nightly_run")
    return of.nightly_run;
  if (kind == "site_notify" || kind == "notify" || kind == "nightly_alert")
    return of.site_notify;
  if (kind == "content_sync")
    return of.content_sync;
  if (kind == "pull_request_files")
    return of.pull_request_files;
  if (kind == "releases_fetch")
    return of.releases_fetch;
  return of.other;
}

} // namespace ingot
