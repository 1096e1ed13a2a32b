#include "storage/site_state.hpp"

#include "model/digest.hpp"
#include "storage/pgx.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

const std::string state_of_site = R"sql(
  SELECT m.machine_name, COALESCE(v.version, ''), sm.enabled, sm.reported,
         (SELECT (extract(epoch FROM max(y.sync_timestamp)) * 1000000)::bigint FROM syncs y
          WHERE y.site_id = $1 AND y.outcome IN ('applied', 'unchanged'))
  FROM site_modules sm
  JOIN modules m ON m.id = sm.module_id
  LEFT JOIN module_versions v ON v.id = sm.version_id
  WHERE sm.site_id = $1 AND sm.removed_at IS NULL
  ORDER BY m.machine_name
)sql";

} // namespace

site_state read_site_state(connection& db, std::int64_t site_id) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  auto out = site_state{};
  auto known = drupal::site_knowledge{};
  for (const auto& row : pgx::query(tx, state_of_site, site_id)) {
    const auto name = pgx::text(row[0]);
    out.modules.push_back({std::string{name}, std::string{pgx::text(row[1])}, row[2].as<bool>()});
    known.modules.push_back({(digest{} << name).value(), static_cast<std::uint64_t>(row[3].as<std::int64_t>()), 0, false, false});
    if (const auto at = pgx::maybe<std::int64_t>(row[4]))
      out.last_sync = timestamp{std::chrono::microseconds{*at}};
  }
  std::sort(known.modules.begin(), known.modules.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  out.hash = known.state_hash();
  return out;
}

} // namespace ingot::storage
