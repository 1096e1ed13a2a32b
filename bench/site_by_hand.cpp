#include "bench/site_by_hand.hpp"

#include <initializer_list>
#include <vector>

#include <simdjson.h>

namespace ingot::bench {

namespace {

constexpr auto upsert = R"sql(
WITH i AS (
  SELECT * FROM jsonb_to_recordset('@modules'::jsonb) AS x(machine_name text, name text, type text, version text, status boolean,
    schema_version int, package text, description text, project_link text, core_compatibility text[], dependencies text[])
), m AS (
  INSERT INTO modules (machine_name, display_name, module_type, description, drupal_org_link, package, project, described_at)
  SELECT machine_name, name, type, description, project_link, package, machine_name, '@at' FROM i ORDER BY machine_name
  ON CONFLICT (machine_name) DO UPDATE SET display_name = excluded.display_name, module_type = excluded.module_type,
    description = excluded.description, drupal_org_link = excluded.drupal_org_link, updated_at = now()
  RETURNING id, machine_name
), v AS (
  INSERT INTO module_versions (module_id, version, sort_key, core_compatibility, dependencies, described_at)
  SELECT m.id, i.version, i.version, i.core_compatibility, i.dependencies, '@at' FROM i JOIN m USING (machine_name) ORDER BY m.id
  ON CONFLICT (module_id, version) DO UPDATE SET core_compatibility = excluded.core_compatibility
  RETURNING id, module_id, version
), h AS (
  INSERT INTO site_module_history (site_id, module_id, from_version_id, to_version_id, changed_at, sync_id)
  SELECT @site, v.module_id, o.version_id, v.id, '@at', '@sync' FROM v
  JOIN site_modules o ON o.site_id = @site AND o.module_id = v.module_id AND o.version_id IS DISTINCT FROM v.id
), s AS (
  INSERT INTO site_modules (site_id, module_id, version_id, enabled, schema_version, reported, first_seen, last_updated, seen_at)
  SELECT @site, v.module_id, v.id, i.status, i.schema_version, 0, '@at', '@at', '@at'
  FROM v JOIN m ON m.id = v.module_id JOIN i ON i.machine_name = m.machine_name AND i.version = v.version ORDER BY v.module_id
  ON CONFLICT (site_id, module_id) DO UPDATE SET version_id = excluded.version_id, enabled = excluded.enabled,
    schema_version = excluded.schema_version, last_updated = excluded.last_updated, seen_at = excluded.seen_at, removed_at = NULL
  RETURNING module_id
), gone AS (
  UPDATE site_modules SET enabled = FALSE, removed_at = '@at'
  WHERE site_id = @site AND removed_at IS NULL AND module_id NOT IN (SELECT id FROM m)
)
INSERT INTO syncs (id, site_id, sync_type, outcome, sync_timestamp, received_at, processed, duration_ms, payload_hash)
SELECT '@sync', @site, 'full', 'applied', '@at', now(), (SELECT count(*) FROM s), 0, '';
)sql";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string sync_uuid(std::int64_t site_id, std::int64_t seconds) {
  char text[37];
  std::snprintf(text, sizeof text, "%08llx-0000-7000-8000-%012llx", static_cast<unsigned long long>(site_id & 0xffffffff),
                static_cast<unsigned long long>(seconds));
  return text;
}

/// Runs a statement with text parameters, as an object-relational mapper would. @returns the first field, or empty
std::string ask(database& db, const char* sql, std::initializer_list<std::string> parameters) {
  auto values = std::vector<const char*>{};
  for (const auto& x : parameters)
    values.push_back(x.c_str());
  const auto result =
      db.checked(PQexecParams(db.raw(), sql, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

void write_module(database& db, const std::string& site, simdjson::dom::element x, const std::string& at,
                  const std::string& sync) {
  const auto text = [&](const char* name) { return std::string{std::string_view{x[name]}}; };
  auto module = ask(db, "SELECT id FROM modules WHERE machine_name = $1", {text("machine_name")});
  if (module.empty())
    module =
        ask(db,
            "INSERT INTO modules (machine_name, display_name, module_type, description, drupal_org_link, project, described_at) "
            "VALUES ($1, $2, $3, $4, $5, $1, $6) RETURNING id",
            {text("machine_name"), text("name"), text("type"), text("description"), text("project_link"), at});
  else
    ask(db, "UPDATE modules SET display_name = $2, description = $3, updated_at = now() WHERE id = $1",
        {module, text("name"), text("description")});
  auto version = ask(db, "SELECT id FROM module_versions WHERE module_id = $1 AND version = $2", {module, text("version")});
  if (version.empty())
    version =
        ask(db, "INSERT INTO module_versions (module_id, version, sort_key, described_at) VALUES ($1, $2, $2, $3) RETURNING id",
            {module, text("version"), at});
  const auto before = ask(db, "SELECT version_id FROM site_modules WHERE site_id = $1 AND module_id = $2", {site, module});
  if (before.empty()) {
    ask(db,
        "INSERT INTO site_modules (site_id, module_id, version_id, enabled, reported, first_seen, last_updated, seen_at) "
        "VALUES ($1, $2, $3, TRUE, 0, $4, $4, $4)",
        {site, module, version, at});
    return;
  }
  if (before != version)
    ask(db,
        "INSERT INTO site_module_history (site_id, module_id, from_version_id, to_version_id, changed_at, sync_id) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {site, module, before, version, at, sync});
  ask(db, "UPDATE site_modules SET version_id = $3, last_updated = $4, seen_at = $4 WHERE site_id = $1 AND module_id = $2",
      {site, module, version, at});
}

} // namespace

std::string whole_statement(std::int64_t site_id, const site_inventory& x, std::int64_t seconds) {
  auto out = replaced(upsert, "@site", std::to_string(site_id));
  out = replaced(out, "@sync", sync_uuid(site_id, seconds));
  out = replaced(out, "@at", time_text(seconds));
  // jsonb_to_recordset takes no JSON arrays for text[]; the record syntax does.
  auto modules = x.modules_json();
  modules = replaced(modules, "[\"^9.3\",\"^10\"]", "\"{^9.3,^10}\"");
  modules = replaced(modules, "[\"drupal:node\",\"drupal:views\"]", "\"{drupal:node,drupal:views}\"");
  return replaced(out, "@modules", modules);
}

void one_row_at_a_time(database& db, std::int64_t site_id, const site_inventory& x, std::int64_t seconds) {
  auto parser = simdjson::dom::parser{};
  const auto text = simdjson::padded_string{x.modules_json()};
  const auto at = time_text(seconds), sync = sync_uuid(site_id, seconds), site = std::to_string(site_id);
  db.run("BEGIN");
  for (const auto each : parser.parse(text).get_array())
    write_module(db, site, each, at, sync);
  ask(db,
      "INSERT INTO syncs (id, site_id, sync_type, outcome, sync_timestamp, received_at, duration_ms, payload_hash) "
      "VALUES ($1, $2, 'full', 'applied', $3, now(), 0, '')",
      {sync, site, at});
  db.run("COMMIT");
}

} // namespace ingot::bench
