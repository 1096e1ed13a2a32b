#include "net/routes/site_json.hpp"

#include "model/json_object.hpp"
#include "model/json_write.hpp"

#include <cstdio>

namespace ingot::routes {

namespace {

json_object members_of(const storage::site_record& x) {
  auto out = json_object{};
  out.add("site_id", x.id).add("name", x.name).add_unless_empty("environment", x.environment);
  out.add_unless_empty("drupal_version", x.drupal_version).add_unless_empty("php_version", x.php_version);
  out.add("disabled_at", x.disabled_at).add("created_at", x.created_at).add("last_sync_at", x.last_sync_at);
  out.add_unless_empty("last_sync_outcome", x.last_sync_outcome);
  return out;
}

json_object& add_members(json_object& out, const storage::api_key_record& x) {
  out.add("key_id", x.id).add("site_id", x.site_id).add("name", x.name).add("prefix", x.prefix);
  return out.add("created_at", x.created_at).add("last_used_at", x.last_used_at).add("revoked_at", x.revoked_at);
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", x);
  return text;
}

} // namespace

std::string to_json(const storage::site_record& x) {
  return members_of(x).text();
}

std::string to_json(const storage::site_record& x, const storage::site_counts& has) {
  auto out = members_of(x);
  out.add("modules", has.modules).add("enabled_modules", has.enabled);
  return out.add("needing_security_update", has.needing_security_update).text();
}

std::string to_json(const storage::api_key_record& x) {
  auto out = json_object{};
  return add_members(out, x).text();
}

std::string to_json(const storage::new_api_key& x) {
  auto out = json_object{};
  return add_members(out.add("key", x.text), x.row).text();
}

std::string to_json(const storage::site_module_record& x) {
  auto out = json_object{};
  out.add("site_id", x.site_id).add("site", x.site).add("machine_name", x.machine_name).add("display_name", x.display_name);
  out.add("module_type", x.type).add("project", x.project).add_unless_empty("version", x.version).add("enabled", x.enabled);
  x.schema_version ? out.add("schema_version", *x.schema_version) : out.add_raw("schema_version", "null");
  out.add("first_seen", x.first_seen).add("last_seen", x.last_seen).add("last_updated", x.last_updated);
  return out.add("removed_at", x.removed_at).add("needs_security_update", x.needs_security_update).text();
}

std::string to_json(const storage::module_change& x) {
  auto out = json_object{};
  out.add_unless_empty("from", x.from).add_unless_empty("to", x.to).add("changed_at", x.changed_at);
  return out.add("sync_id", x.sync_id).text();
}

std::string to_json(const storage::sync_record& x) {
  auto out = json_object{};
  out.add("sync_id", x.id).add("site_id", x.site_id).add("sync_type", x.type).add("outcome", x.outcome);
  out.add("sync_timestamp", x.sync_timestamp).add("received_at", x.received_at);
  out.add("processed_count", x.processed).add("new_modules", x.new_modules).add("updated_modules", x.updated_modules);
  out.add("removed_modules", x.removed_modules).add("security_updates_found", x.security_updates);
  out.add("warnings", x.warnings).add("errors", x.errors).add_raw("processing_time_ms", number(x.duration_ms));
  x.job_id ? out.add("job_id", std::to_string(*x.job_id)) : out.add_raw("job_id", "null");
  return out.add_unless_empty("error", x.error).text();
}

std::string json_string(std::string_view text) {
  auto out = std::string{};
  append_json_string(out, text);
  return out;
}

std::string page_json(std::string_view name, const std::vector<std::string>& items, std::string_view next) {
  return json_object{}.add_raw(name, json_array(items)).add_raw("next", next).text();
}

} // namespace ingot::routes
