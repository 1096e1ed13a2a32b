#include "model/drupal/site_event.hpp"

#include "model/json_object.hpp"

namespace ingot::drupal {

std::string notify_job_key(std::int64_t site_id) {
  return "site/" + std::to_string(site_id) + "/notify";
}

std::string site_sync_event(const sync_result& x, timestamp at) {
  const auto data = json_object{}
                        .add("sync_id", "sync_" + x.sync_id)
                        .add("site_id", x.site_id)
                        .add("outcome", to_string(x.outcome))
                        .add("processed_count", x.processed)
                        .add("new_modules", x.added)
                        .add("updated_modules", x.updated)
                        .add("removed_modules", x.removed)
                        .add("security_updates_found", x.security_updates)
                        .add("warnings", x.warnings.size())
                        .add("errors", x.errors.size())
                        .add("state_hash", x.state_hash)
                        .text();
  return json_object{}.add("type", "site.sync.completed").add("timestamp", to_rfc3339(at)).add_raw("data", data).text();
}

} // namespace ingot::drupal
