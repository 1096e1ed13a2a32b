#include "storage/site_modules.hpp"

#include "storage/pgx.hpp"
#include "storage/syncs.hpp"

#include <limits>

namespace ingot::storage {

namespace {

// What read_module() takes.
const std::string current_columns = R"sql(
  SELECT site_id, site, machine_name, display_name, module_type, project, COALESCE(version, ''), enabled, schema_version,
         (extract(epoch FROM first_seen) * 1000000)::int8, (extract(epoch FROM last_seen) * 1000000)::int8,
         (extract(epoch FROM last_updated) * 1000000)::int8, (extract(epoch FROM removed_at) * 1000000)::int8,
         needs_security_update
  FROM site_modules_current
)sql";

// A flag that nobody asked for is the empty text.
const std::string filtered = R"sql(
  AND ($1 = '' OR needs_security_update::text = $1) AND ($2 = '' OR enabled::text = $2)
  AND ($3 = '' OR (removed_at IS NOT NULL)::text = $3) AND ($4 = '' OR module_type = $4)
)sql";

const std::string modules_of_site =
    current_columns + "WHERE site_id = $5 AND machine_name > $6" + filtered + "ORDER BY machine_name LIMIT $7";

const std::string sites_of_module = current_columns + "WHERE machine_name = $5 AND site_id > $6 AND site_id BETWEEN $7 AND $8" +
                                    filtered + "ORDER BY site_id LIMIT $9";

constexpr auto module_of_name = R"sql(
  SELECT machine_name, display_name, module_type, project, COALESCE(description, ''), COALESCE(drupal_org_link, '')
  FROM modules WHERE machine_name = $1
)sql";

// Newest first. The sync that a page ended with has one row of that module, whose place is where the next page begins.
constexpr auto changes_of_module = R"sql(
  SELECT COALESCE(f.version, ''), COALESCE(t.version, ''), (extract(epoch FROM h.changed_at) * 1000000)::int8, h.sync_id
  FROM site_module_history h
  JOIN modules m ON m.id = h.module_id
  LEFT JOIN module_versions f ON f.id = h.from_version_id
  LEFT JOIN module_versions t ON t.id = h.to_version_id
  WHERE h.site_id = $1 AND m.machine_name = $2
    AND ($3::uuid IS NULL
         OR (h.changed_at, h.sync_id) < (SELECT a.changed_at, a.sync_id FROM site_module_history a
                                         WHERE a.site_id = $1 AND a.module_id = m.id AND a.sync_id = $3))
  ORDER BY h.changed_at DESC, h.sync_id DESC LIMIT $4
)sql";

std::string wanted(std::optional<bool> x) {
  return !x ? "" : *x ? "true" : "false";
}

timestamp time_of(const pqxx::field& x) {
  return timestamp{std::chrono::microseconds{x.as<std::int64_t>()}};
}

site_module_record read_module(const pqxx::row& row) {
  auto out = site_module_record{};
  out.site_id = row[0].as<std::int64_t>();
  out.site = pgx::text(row[1]);
  out.machine_name = pgx::text(row[2]);
  out.display_name = pgx::text(row[3]);
  out.type = pgx::text(row[4]);
  out.project = pgx::text(row[5]);
  out.version = pgx::text(row[6]);
  out.enabled = row[7].as<bool>();
  out.schema_version = pgx::maybe<std::int64_t>(row[8]);
  out.first_seen = time_of(row[9]);
  out.last_seen = time_of(row[10]);
  out.last_updated = time_of(row[11]);
  if (!row[12].is_null())
    out.removed_at = time_of(row[12]);
  out.needs_security_update = row[13].as<bool>();
  return out;
}

template <class... Arguments>
std::vector<site_module_record> read_modules(connection& db, const std::string& sql, const site_module_filter& filter,
                                             const Arguments&... arguments) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<site_module_record>{};
  for (const auto& row : pgx::query(tx, sql, wanted(filter.needs_security_update), wanted(filter.enabled), wanted(filter.removed),
                                    filter.type, arguments...))
    out.push_back(read_module(row));
  return out;
}

} // namespace

std::vector<site_module_record> list_site_modules(connection& db, std::int64_t site_id, const site_module_filter& filter,
                                                  const std::string& after, unsigned limit) {
  return read_modules(db, modules_of_site, filter, site_id, after, limit);
}

std::vector<site_module_record> list_sites_of_module(connection& db, const std::string& machine_name,
                                                     const site_module_filter& filter, std::optional<std::int64_t> site_id,
                                                     std::int64_t after, unsigned limit) {
  return read_modules(db, sites_of_module, filter, machine_name, after, site_id.value_or(0),
                      site_id.value_or(std::numeric_limits<std::int64_t>::max()), limit);
}

std::optional<module_record> find_module(connection& db, const std::string& machine_name) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, module_of_name, machine_name);
  if (rows.empty())
    return std::nullopt;
  const auto text = [&](int column) { return std::string{pgx::text(rows[0][column])}; };
  return module_record{text(0), text(1), text(2), text(3), text(4), text(5)};
}

std::vector<module_change> list_module_changes(connection& db, std::int64_t site_id, const std::string& machine_name,
                                               const std::string& after, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = after.empty() ? pgx::query(tx, changes_of_module, site_id, machine_name, std::nullopt, limit)
                                  : pgx::query(tx, changes_of_module, site_id, machine_name, uuid_of_sync(after), limit);
  auto out = std::vector<module_change>{};
  for (const auto& row : rows)
    out.push_back({std::string{pgx::text(row[0])}, std::string{pgx::text(row[1])}, time_of(row[2]),
                   "sync_" + std::string{pgx::text(row[3])}});
  return out;
}

} // namespace ingot::storage
