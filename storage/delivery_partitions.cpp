#include "storage/deliveries.hpp"
#include "storage/optional_features.hpp"
#include "storage/pgx.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace ingot::storage {

namespace {

using days = std::chrono::sys_days;

std::string text_of(days at, const char* format) {
  const auto date = std::chrono::year_month_day{at};
  auto text = std::string(16, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), format, static_cast<int>(date.year()),
                                                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()))));
  return text;
}

std::string partition_of(days at) {
  return "deliveries_" + text_of(at, "%04d_%02u_%02u");
}

/// The day of `deliveries_2024_05_01`, or nothing.
std::optional<days> day_of(std::string_view partition) {
  auto parts = std::array<int, 3>{};
  auto at = partition.find('_');
  for (auto& x : parts) {
    if (at == std::string_view::npos)
      return std::nullopt;
    partition.remove_prefix(at + 1);
    if (std::from_chars(partition.data(), partition.data() + partition.size(), x).ec != std::errc{})
      return std::nullopt;
    at = partition.find('_');
  }
  const auto date = std::chrono::year_month_day{std::chrono::year{parts[0]}, std::chrono::month{static_cast<unsigned>(parts[1])},
                                                std::chrono::day{static_cast<unsigned>(parts[2])}};
  return date.ok() ? std::optional{days{date}} : std::nullopt;
}

// The partitions of `deliveries` but for the one that takes what belongs to none.
constexpr auto list_partitions = R"sql(
  SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relname = 'deliveries' AND p.relnamespace = 'public'::regnamespace AND c.relname <> 'deliveries_other'
)sql";

// Ids that no sender can deliver again; a bounded number, so that no transaction is long.
constexpr auto forget_ids = R"sql(
  DELETE FROM delivery_ids WHERE (source, delivery_id) IN (
    SELECT source, delivery_id FROM delivery_ids WHERE received_at < $1::timestamptz ORDER BY received_at LIMIT 10000)
)sql";

// Whoever waits for the lock that a change of partitions needs makes all commits wait behind it: better try again in an hour.
constexpr auto lock_briefly = "SET LOCAL lock_timeout = '200ms'";

/// @returns false when there is none after all: another node made it at the same moment, `deliveries_other` holds rows of that
/// day (a wrong clock: it keeps that day), or somebody reads the table for long.
bool make_partition(connection& db, const std::string& name, days day) {
  try {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    tx.exec(lock_briefly);
    tx.exec("CREATE TABLE IF NOT EXISTS " + name + " PARTITION OF deliveries FOR VALUES FROM ('" +
            text_of(day, "%04d-%02u-%02u") + "') TO ('" + text_of(day + std::chrono::days{1}, "%04d-%02u-%02u") + "')");
    tx.commit();
    return true;
  } catch (const pqxx::sql_error& e) {
    constexpr auto expected = std::to_array<std::string_view>({"42P07", "23505", "42710", "23514", "55P03"});
    if (std::find(expected.begin(), expected.end(), sqlstate(e)) == expected.end())
      throw;
    return false;
  }
}

std::vector<std::string> partitions(connection& db) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto names = std::vector<std::string>{};
  for (const auto& row : tx.exec(list_partitions))
    names.emplace_back(pgx::text(row[0]));
  return names;
}

} // namespace

void make_delivery_partitions(connection& db, timestamp today, int days_ahead) {
  const auto existing = partitions(db);
  const auto first = std::chrono::floor<std::chrono::days>(today) - std::chrono::days{1};
  for (auto day = first; day <= first + std::chrono::days{days_ahead + 1}; day += std::chrono::days{1}) {
    const auto name = partition_of(day);
    if (std::find(existing.begin(), existing.end(), name) != existing.end())
      continue;
    if (make_partition(db, name, day))
      tune_delivery_partition(db, name);
  }
}

long apply_delivery_retention(connection& db, timestamp today, const retention_settings& keep) {
  const auto day = std::chrono::floor<std::chrono::days>(today);
  auto dropped = 0L;
  for (const auto& name : partitions(db))
    if (const auto of = day_of(name); of && *of + std::chrono::days{keep.deliveries_days} < day) {
      auto deadline = connection::deadline{db};
      auto tx = pqxx::work{db.raw()};
      tx.exec(lock_briefly);
      tx.exec("DROP TABLE IF EXISTS " + name);
      tx.commit();
      ++dropped;
    }
  const auto oldest = text_of(day - std::chrono::days{keep.delivery_ids_days}, "%04d-%02u-%02u");
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto forgotten = static_cast<long>(pgx::query(tx, forget_ids, oldest).affected_rows());
  tx.commit();
  return dropped + forgotten;
}

} // namespace ingot::storage
