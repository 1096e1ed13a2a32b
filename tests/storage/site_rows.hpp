#pragma once

#include "tests/support/postgres.hpp"

#include <string>

/// Rows as syncs leave them, for tests of what reads them.
namespace ingot::testing {

/// A site with that id.
inline void make_site(const database& db, int id, const std::string& name) {
  db.sql("INSERT INTO sites (id, name) VALUES (" + std::to_string(id) + ", '" + name + "')");
}

/// A module and one version of it; ids are the same.
inline void make_module(const database& db, int id, const std::string& machine_name, const std::string& version,
                        bool needs_security_update = false, const std::string& type = "contrib") {
  const auto number = std::to_string(id);
  db.sql("INSERT INTO modules (id, machine_name, display_name, module_type, project, described_at) VALUES (" + number + ", '" +
         machine_name + "', 'The " + machine_name + "', '" + type + "', '" + machine_name + "', '2026-05-01T00:00:00Z');" +
         "INSERT INTO module_versions (id, module_id, version, sort_key, needs_security_update, described_at) VALUES (" + number +
         ", " + number + ", '" + version + "', '', " + (needs_security_update ? "TRUE" : "FALSE") + ", '2026-05-01T00:00:00Z')");
}

/// `version` and `removed_at` are SQL: an id of module_versions, a time.
inline void install(const database& db, int site, int module, const std::string& enabled = "TRUE",
                    const std::string& version = "same", const std::string& removed_at = "NULL") {
  const auto number = std::to_string(module);
  db.sql("INSERT INTO site_modules (site_id, module_id, version_id, enabled, schema_version, reported, first_seen, last_updated, "
         "seen_at, removed_at) VALUES (" +
         std::to_string(site) + ", " + number + ", " + (version == "same" ? number : version) + ", " + enabled +
         ", 8001, 0, '2026-05-01T00:00:00Z', '2026-05-02T00:00:00Z', '2026-05-02T00:00:00Z', " + removed_at + ")");
}

/// A sync received at `at`; its id begins with that time, as ids of UUID version 7 do, and ends with `number`.
inline std::string make_sync(const database& db, int site, const std::string& at, int number,
                             const std::string& outcome = "applied", const std::string& type = "full") {
  return "sync_" +
         db.sql("INSERT INTO syncs (id, site_id, sync_type, outcome, sync_timestamp, received_at, duration_ms, payload_hash) "
                "SELECT (substr(t, 1, 8) || '-' || substr(t, 9, 4) || '-7000-8000-' || lpad('" +
                std::to_string(number) + "', 12, '0'))::uuid, " + std::to_string(site) + ", '" + type + "', '" + outcome +
                "', '" + at + "', '" + at + "', 1.5, '' FROM lpad(to_hex((extract(epoch FROM '" + at +
                "'::timestamptz) * 1000)::int8), 12, '0') t RETURNING id");
}

} // namespace ingot::testing
