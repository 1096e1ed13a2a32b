#include "storage/event_partitions.hpp"

#include "storage/day_partitions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/postgres.hpp"

using namespace ingot;
using namespace ingot::storage;
using ingot::testing::database;

namespace {

const auto today = *parse_rfc3339("2026-11-18T09:00:00Z");

void add_day(const database& db, const std::string& day, bool changed) {
  db.sql("INSERT INTO events (ts, received_at, viewer, type, rule_id) VALUES ('" + day +
         "T10:00Z', now(), gen_random_uuid(), 'VIEW', 'r')");
  db.sql("INSERT INTO event_keys (key, day) VALUES (gen_random_uuid(), '" + day + "')");
  db.sql("INSERT INTO metric_days (day, changed) VALUES ('" + day + "', " + (changed ? "TRUE" : "FALSE") + ")");
}

void clean_up(const database& db, timestamp now) {
  const auto connection = db.connect();
  while (apply_event_retention(*connection, now, {}, {}) > 0) {
  }
}

} // namespace

TEST_CASE("storage: events have a partition for each day, back to the oldest that may come") {
  database db;
  const auto connection = db.connect();
  make_event_partitions(*connection, today, 31, 7);
  make_event_partitions(*connection, today, 31, 7);
  CHECK(day_partitions(*connection, "events").size() == 39);
  add_day(db, "2026-10-18", true);
  add_day(db, "2026-11-25", true);
  CHECK(db.sql("SELECT count(*) FROM events_other") == "0");
  CHECK(db.sql("SELECT count(*) FROM events_2026_10_18") == "1");
}

TEST_CASE("storage: a day of events is dropped after its time, its keys with it, but never before it is rolled up") {
  database db;
  const auto connection = db.connect();
  make_event_partitions(*connection, today, 31, 7);
  add_day(db, "2026-10-20", true);
  add_day(db, "2026-10-21", false);
  add_day(db, "2026-11-18", true);
  const auto later = *parse_rfc3339("2027-01-25T00:00:00Z");
  clean_up(db, later);
  CHECK(db.sql("SELECT string_agg(day::text, ' ' ORDER BY day) FROM event_keys") == "2026-10-20 2026-11-18");
  CHECK(db.sql("SELECT string_agg(ts::date::text, ' ' ORDER BY ts) FROM events") == "2026-10-20 2026-11-18");
  db.sql("UPDATE metric_days SET changed = FALSE");
  clean_up(db, later);
  CHECK(db.sql("SELECT string_agg(ts::date::text, ' ' ORDER BY ts) FROM events") == "2026-11-18");
  CHECK(db.sql("SELECT count(*) FROM event_keys") == "1");
}

TEST_CASE("storage: events that no partition took are forgotten in their time as well") {
  database db;
  add_day(db, "2026-08-01", false);
  add_day(db, "2026-08-02", true);
  CHECK(db.sql("SELECT count(*) FROM events_other") == "2");
  clean_up(db, today);
  CHECK(db.sql("SELECT string_agg(ts::date::text, ' ') FROM events_other") == "2026-08-02");
}

TEST_CASE("storage: what is known of views and requests is kept as long as it can matter") {
  database db;
  const auto connection = db.connect();
  make_event_partitions(*connection, today, 31, 7);
  const auto weeks = day_partitions(*connection, "view_marks").size();
  clean_up(db, today);
  CHECK(day_partitions(*connection, "view_marks").size() == weeks);
  CHECK(day_partitions(*connection, "event_requests").size() == 9);
  clean_up(db, today + std::chrono::hours{24 * 45});
  CHECK(day_partitions(*connection, "event_requests").empty());
  CHECK(day_partitions(*connection, "view_marks").size() < weeks);
}
