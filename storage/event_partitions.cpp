#include "storage/event_partitions.hpp"

#include "storage/day_partitions.hpp"
#include "storage/pgx.hpp"

#include <array>

namespace ingot::storage {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

/// A request whose COMMIT nobody knows of is repeated within moments, or drained from a spool when the node is back.
constexpr auto requests_kept = days{31};

constexpr auto week = days{7};

/// view_marks has partitions of weeks, from Mondays on.
sys_days monday_of(sys_days day) {
  return day - (std::chrono::weekday{day} - std::chrono::Monday);
}

// Is day $1 still to be counted? Until the transaction ends nobody adds to it, or begins to count it.
constexpr auto is_open = R"sql(
  SELECT changed OR counting IS NOT NULL FROM metric_days WHERE day = $1::date FOR UPDATE
)sql";

// Events before $1 that no partition had taken; a bounded number, so that no transaction is long.
constexpr auto forget_others = R"sql(
  DELETE FROM events_other WHERE ctid IN (
    SELECT o.ctid FROM events_other o
    WHERE o.ts < $1::timestamptz
      AND NOT EXISTS (SELECT FROM metric_days m WHERE m.day = (o.ts AT TIME ZONE 'UTC')::date
                        AND (m.changed OR m.counting IS NOT NULL))
    LIMIT 10000)
)sql";

// Idempotency keys of days before $1 whose events are gone.
constexpr auto forget_keys = R"sql(
  DELETE FROM event_keys WHERE key IN (
    SELECT k.key FROM event_keys k
    WHERE k.day < $1::date AND NOT EXISTS (SELECT FROM metric_days m WHERE m.day = k.day AND (m.changed OR m.counting IS NOT NULL))
    LIMIT 10000)
)sql";

/// @returns false when the day is not rolled up, or somebody reads events just now: the next round tries again
bool drop_day(connection& db, const day_partition& x) try {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  tx.exec(lock_briefly);
  const auto found = pgx::query(tx, is_open, day_text(x.first_day));
  if (!found.empty() && found[0][0].as<bool>())
    return false;
  tx.exec("DROP TABLE IF EXISTS " + x.name);
  tx.commit();
  return true;
} catch (const pqxx::sql_error& e) {
  if (!is_lock_timeout(e))
    throw;
  return false;
}

long forget(connection& db, const char* statement, sys_days before) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = static_cast<long>(pgx::query(tx, statement, day_text(before)).affected_rows());
  tx.commit();
  return rows;
}

// What is known of requests before $1 that no partition had taken, and of views of periods before it.
constexpr auto forget_other_requests = "DELETE FROM event_requests_other WHERE ctid IN (SELECT ctid FROM event_requests_other "
                                       "WHERE received_at < $1::timestamptz LIMIT 10000)";
constexpr auto forget_other_views =
    "DELETE FROM view_marks_other WHERE ctid IN (SELECT ctid FROM view_marks_other WHERE period < $1::date LIMIT 10000)";

long drop_older(connection& db, const std::string& table, sys_days before) {
  auto dropped = 0L;
  for (const auto& x : day_partitions(db, table))
    if (x.first_day < before && drop_partition(db, x.name))
      ++dropped;
  return dropped;
}

} // namespace

void make_event_partitions(connection& db, timestamp today, int days_back, int days_ahead) {
  const auto day = std::chrono::floor<days>(today);
  const auto first = day - days{days_back}, last = day + days{days_ahead};
  make_day_partitions(db, "events", first, last);
  make_day_partitions(db, "event_requests", day - days{1}, last);
  make_day_partitions(db, "view_marks", monday_of(first), monday_of(last), week);
}

long apply_event_retention(connection& db, timestamp today, const retention_settings& keep, const event_settings& rules) {
  const auto day = std::chrono::floor<days>(today);
  const auto oldest = day - days{keep.events_days};
  auto gone = 0L;
  for (const auto& x : day_partitions(db, "events"))
    if (x.first_day < oldest && drop_day(db, x))
      ++gone;
  gone += forget(db, forget_others, oldest);
  gone += forget(db, forget_keys, oldest);
  gone += drop_older(db, "event_requests", day - requests_kept);
  gone += forget(db, forget_other_requests, day - requests_kept);
  // A period may begin on the last day of its partition, and events of its last day may come late.
  const auto period_ends = days{rules.address_key_days} + days{rules.age_days_max} + days{1};
  gone += forget(db, forget_other_views, day - period_ends);
  return gone + drop_older(db, "view_marks", day - week - period_ends);
}

} // namespace ingot::storage
