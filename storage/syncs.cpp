#include "storage/syncs.hpp"

#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"

#include <cstdio>
#include <string_view>

namespace ingot::storage {

namespace {

// Newest first, from behind the sync that the page before ended with.
constexpr auto page_of_syncs = R"sql(
  SELECT id, site_id, sync_type, outcome, (extract(epoch FROM sync_timestamp) * 1000000)::int8,
         (extract(epoch FROM received_at) * 1000000)::int8, processed, new_modules, updated_modules, removed_modules,
         security_updates, warnings, errors, duration_ms, job_id, COALESCE(error, '')
  FROM syncs
  WHERE site_id = $1
    AND ($2::uuid IS NULL OR (received_at, id) < (SELECT received_at, id FROM syncs WHERE id = $2 AND site_id = $1))
  ORDER BY received_at DESC, id DESC LIMIT $3
)sql";

// Ids begin with the time, so the primary key finds the oldest. A mark goes only when a newer one stands for it.
constexpr auto delete_old_syncs = R"sql(
  DELETE FROM syncs WHERE id IN (
    SELECT y.id FROM syncs y
    WHERE y.id < $1::uuid
      AND (y.outcome NOT IN ('applied', 'unchanged')
           OR (EXISTS (SELECT FROM syncs n WHERE n.site_id = y.site_id AND n.outcome IN ('applied', 'unchanged')
                       AND (n.sync_timestamp, n.id) > (y.sync_timestamp, y.id))
               AND (y.sync_type <> 'full'
                    OR EXISTS (SELECT FROM syncs n WHERE n.site_id = y.site_id AND n.outcome IN ('applied', 'unchanged')
                               AND n.sync_type = 'full' AND (n.sync_timestamp, n.id) > (y.sync_timestamp, y.id)))))
    ORDER BY y.id LIMIT 10000)
)sql";

/// The least UUID of version 7 made at `at` (RFC 9562 5.7: 48 bits of milliseconds come first).
std::string least_uuid_of(timestamp at) {
  const auto ms = static_cast<unsigned long long>(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
  char text[37];
  std::snprintf(text, sizeof text, "%08llx-%04llx-0000-0000-000000000000", (ms >> 16) & 0xffffffff, ms & 0xffff);
  return text;
}

sync_record read_sync(const pqxx::row& row) {
  const auto number = [&](int column) { return row[column].as<std::int64_t>(); };
  const auto time = [&](int column) { return timestamp{std::chrono::microseconds{number(column)}}; };
  auto out = sync_record{};
  out.id = "sync_" + std::string{pgx::text(row[0])};
  out.site_id = number(1);
  out.type = pgx::text(row[2]);
  out.outcome = pgx::text(row[3]);
  out.sync_timestamp = time(4);
  out.received_at = time(5);
  out.processed = number(6);
  out.new_modules = number(7);
  out.updated_modules = number(8);
  out.removed_modules = number(9);
  out.security_updates = number(10);
  out.warnings = number(11);
  out.errors = number(12);
  out.duration_ms = row[13].as<double>();
  out.job_id = pgx::maybe<std::int64_t>(row[14]);
  out.error = pgx::text(row[15]);
  return out;
}

} // namespace

std::vector<sync_record> list_syncs(connection& db, std::int64_t site_id, const std::string& after, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<sync_record>{};
  for (const auto& row : after.empty() ? pgx::query(tx, page_of_syncs, site_id, std::nullopt, limit)
                                       : pgx::query(tx, page_of_syncs, site_id, uuid_of_sync(after), limit))
    out.push_back(read_sync(row));
  return out;
}

std::int64_t apply_sync_retention(connection& db, timestamp now, const retention_settings& keep) {
  const auto oldest = least_uuid_of(now - std::chrono::days{keep.syncs_days});
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto deleted = static_cast<std::int64_t>(pgx::query(tx, delete_old_syncs, oldest).affected_rows());
  tx.commit();
  return deleted;
}

std::string uuid_of_sync(const std::string& sync_id) {
  constexpr auto prefix = std::string_view{"sync_"};
  constexpr auto form = std::string_view{"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"};
  const auto wrong = [&] {
    return refused_change{{fault::bad_parameter, "expected the id of a sync, sync_ and a UUID", {{"after", "not a sync's id"}}}};
  };
  if (!sync_id.starts_with(prefix) || sync_id.size() != prefix.size() + form.size())
    throw wrong();
  auto uuid = sync_id.substr(prefix.size());
  for (auto i = std::size_t{0}; i < form.size(); ++i)
    if (form[i] == '-' ? uuid[i] != '-' : std::string_view{"0123456789abcdefABCDEF"}.find(uuid[i]) == std::string_view::npos)
      throw wrong();
  return uuid;
}

} // namespace ingot::storage
