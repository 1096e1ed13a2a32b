#include "storage/day_partitions.hpp"

#include "storage/pgx.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

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

/// The day of `2024_05_01`, or nothing.
std::optional<days> day_of(std::string_view suffix) {
  auto parts = std::array<int, 3>{};
  for (auto& x : parts) {
    const auto read = std::from_chars(suffix.data(), suffix.data() + suffix.size(), x);
    if (read.ec != std::errc{})
      return std::nullopt;
    suffix.remove_prefix(static_cast<std::size_t>(read.ptr - suffix.data()));
    suffix.remove_prefix(std::min<std::size_t>(suffix.starts_with('_') ? 1 : 0, suffix.size()));
  }
  const auto date = std::chrono::year_month_day{std::chrono::year{parts[0]}, std::chrono::month{static_cast<unsigned>(parts[1])},
                                                std::chrono::day{static_cast<unsigned>(parts[2])}};
  return date.ok() && suffix.empty() ? std::optional{days{date}} : std::nullopt;
}

// The partitions of table $1.
constexpr auto list_partitions = R"sql(
  SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relname = $1 AND p.relnamespace = 'public'::regnamespace
)sql";

/// @returns false when there is none after all
bool make_partition(connection& db, const std::string& table, days first, days end) {
  try {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    tx.exec(lock_briefly);
    tx.exec("CREATE TABLE IF NOT EXISTS " + partition_name(table, first) + " PARTITION OF " + table + " FOR VALUES FROM ('" +
            day_text(first) + "') TO ('" + day_text(end) + "')");
    tx.commit();
    return true;
  } catch (const pqxx::sql_error& e) {
    constexpr auto expected = std::to_array<std::string_view>({"42P07", "23505", "42710", "23514", "55P03"});
    if (std::find(expected.begin(), expected.end(), sqlstate(e)) == expected.end())
      throw;
    return false;
  }
}

} // namespace

std::string day_text(days day) {
  return text_of(day, "%04d-%02u-%02u");
}

std::string partition_name(const std::string& table, days day) {
  return table + "_" + text_of(day, "%04d_%02u_%02u");
}

std::vector<day_partition> day_partitions(connection& db, const std::string& table) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<day_partition>{};
  for (const auto& row : pgx::query(tx, list_partitions, table)) {
    const auto name = pgx::text(row[0]);
    if (name.size() <= table.size())
      continue;
    if (const auto day = day_of(name.substr(table.size() + 1)))
      out.push_back({std::string{name}, *day});
  }
  return out;
}

void make_day_partitions(connection& db, const std::string& table, days first, days last, std::chrono::days step,
                         const std::function<void(const std::string&)>& made) {
  const auto existing = day_partitions(db, table);
  for (auto day = first; day <= last; day += step)
    if (std::none_of(existing.begin(), existing.end(), [&](const auto& x) { return x.first_day == day; }) &&
        make_partition(db, table, day, day + step) && made)
      made(partition_name(table, day));
}

bool is_lock_timeout(const std::exception& e) {
  return sqlstate(e) == "55P03";
}

bool drop_partition(connection& db, const std::string& name) {
  try {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    tx.exec(lock_briefly);
    tx.exec("DROP TABLE IF EXISTS " + name);
    tx.commit();
    return true;
  } catch (const pqxx::sql_error& e) {
    if (!is_lock_timeout(e))
      throw;
    return false;
  }
}

} // namespace ingot::storage
