#include "storage/event_statements.hpp"

#include "storage/switched_statements.hpp"

#include <array>

namespace ingot::storage {

namespace {

constexpr auto statements = std::to_array<named_statement>({
    // Requests ($1 times, $2 ids); gives the ids of those that are new.
    {"open_event_requests", R"sql(
      INSERT INTO event_requests (received_at, id) SELECT * FROM unnest($1::timestamptz[], $2::uuid[])
      ON CONFLICT DO NOTHING RETURNING id
    )sql"},
    // Idempotency keys ($1, sorted) of events of the days $2; gives those that are new, in that order.
    {"take_event_keys", R"sql(
      INSERT INTO event_keys (key, day) SELECT * FROM unnest($1::uuid[], $2::date[])
      ON CONFLICT DO NOTHING RETURNING key
    )sql"},
    // Views that lie within the window of a period's end: whoever has one, on either side of it, waits here for the others, so
    // that the next statement sees what they stored.
    {"hold_view_edges", R"sql(
      INSERT INTO view_marks AS w (period, viewer, rule_id, times, added)
      SELECT DISTINCT period, viewer, rule_id, '{}'::timestamptz[], '{}'::timestamptz[]
      FROM unnest($1::date[], $2::uuid[], $3::text[]) AS x (period, viewer, rule_id) ORDER BY 1, 2, 3
      ON CONFLICT (period, viewer, rule_id) DO UPDATE SET changes = w.changes
    )sql"},
    // Gives the places of those views ($1 to $4) that lie within $5 of one on the other side.
    {"check_view_edges", R"sql(
      SELECT x.place
      FROM unnest($1::date[], $2::uuid[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS x (period, viewer, rule_id, at, place)
      WHERE EXISTS (
        SELECT FROM view_marks w, unnest(w.times) t
        WHERE w.period = x.period AND w.viewer = x.viewer AND w.rule_id = x.rule_id
          AND x.at > t - $5::interval AND x.at < t + $5::interval)
    )sql"},
    // Marks views, one row for a viewer and rule ($1 to $3, sorted), viewed at $4 and, if that is not all, at $5 (arrays as
    // text):
    // each that lies $6 apart from those that are stored. Gives the rows that store a view, in that order, with the stored ones.
    {"mark_views", R"sql(
      INSERT INTO view_marks AS w (period, viewer, rule_id, times, added)
      SELECT period, viewer, rule_id,
             CASE WHEN more IS NULL THEN ARRAY[at] ELSE ingot_fresh_views('{}', at || more::timestamptz[], $6::interval) END,
             CASE WHEN more IS NULL THEN ARRAY[at] ELSE at || more::timestamptz[] END
      FROM unnest($1::date[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[]) AS x (period, viewer, rule_id, at, more)
      ON CONFLICT (period, viewer, rule_id) DO UPDATE SET (times, added, changes) = (
        SELECT w.times || x.fresh, x.fresh, w.changes + 1
        FROM (SELECT CASE WHEN cardinality(excluded.added) = 1 THEN excluded.added
                          ELSE ingot_fresh_views(w.times, excluded.added, $6::interval) END AS fresh) x)
      WHERE CASE WHEN cardinality(excluded.added) = 1
            THEN NOT EXISTS (SELECT FROM unnest(w.times) t
                             WHERE excluded.added[1] > t - $6::interval AND excluded.added[1] < t + $6::interval)
            ELSE cardinality(ingot_fresh_views(w.times, excluded.added, $6::interval)) > 0 END
      RETURNING viewer, rule_id, CASE WHEN changes = 0 THEN times ELSE added END
    )sql"},
    // The events.
    {"insert_events", R"sql(
      INSERT INTO events (ts, received_at, viewer, type, rule_id, user_id, idempotency_key, data)
      SELECT * FROM unnest($1::timestamptz[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
    )sql"},
});

// A request or a key that was taken before is taken again.
constexpr auto without_dedupe = std::to_array<statement_switch>({
    {"open_event_requests", "ON CONFLICT DO NOTHING", "ON CONFLICT (received_at, id) DO UPDATE SET id = excluded.id"},
    {"take_event_keys", "ON CONFLICT DO NOTHING", "ON CONFLICT (key) DO UPDATE SET day = excluded.day"},
});

} // namespace

std::span<const named_statement> event_statements() {
  return switched(statements, test_switch::dedupe, without_dedupe);
}

} // namespace ingot::storage
