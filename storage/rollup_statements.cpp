#include "storage/rollup_statements.hpp"

#include <array>

namespace ingot::storage {

namespace {

constexpr auto session = std::to_array<named_statement>({
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"roll_back", "ROLLBACK"},
    // A day's hash tables stay in memory; by hash, because sorting by text costs thrice as much where a table has no statistics
    // yet. Plans are made for the days at hand.
    {"rollup_memory", "SET work_mem = '128MB'"},
    {"rollup_buffers", "SET temp_buffers = '64MB'"},
    {"rollup_no_sort", "SET enable_sort = off"},
    {"rollup_no_jit", "SET jit = off"},
    {"rollup_plans", "SET plan_cache_mode = force_custom_plan"},

    // The days that this rollup took, whether their events are read, and whether other dates are to be computed because of them.
    {"rollup_make_days",
     "CREATE TEMPORARY TABLE rollup_days (day date PRIMARY KEY, counted boolean NOT NULL, moved boolean NOT NULL)"},
    // What their events come to.
    {"rollup_make_counts", R"sql(
      CREATE TEMPORARY TABLE rollup_counts (day date, rule_id text COLLATE "C", views bigint, copies bigint, saves bigint, forks bigint,
        votes bigint, events bigint, nano float8)
    )sql"},
    // By how much rule_metric_totals changes.
    {"rollup_make_differences", R"sql(
      CREATE TEMPORARY TABLE rollup_differences (rule_id text COLLATE "C", views bigint, copies bigint, saves bigint, forks bigint,
        votes bigint)
    )sql"},
    // The points of all time, all days included.
    {"rollup_make_totals", R"sql(CREATE TEMPORARY TABLE rollup_totals (rule_id text COLLATE "C", nano float8))sql"},
    // Each rule as of the date at hand: its counts on that day, its score, and its points of that day, of seven days, of thirty,
    // and of later days.
    {"rollup_make_sums", R"sql(
      CREATE TEMPORARY TABLE rollup_sums (rule_id text COLLATE "C", views bigint, copies bigint, saves bigint, forks bigint,
        votes bigint, events bigint, score float8, daily float8, weekly float8, monthly float8, later float8, in_window boolean)
    )sql"},
    // Rows that are to be inserted (I), updated (U) and deleted (D).
    {"rollup_make_rules", R"sql(
      CREATE TEMPORARY TABLE rollup_rules (op "char", date date, rule_id text COLLATE "C", views bigint, copies bigint, saves bigint,
        forks bigint, votes bigint, score float8, events bigint)
    )sql"},
    {"rollup_make_authors", R"sql(
      CREATE TEMPORARY TABLE rollup_authors (op "char", date date, author_user_id text COLLATE "C", views bigint, copies bigint,
        saves bigint, forks bigint, votes bigint, score float8, donations bigint, donations_cents bigint)
    )sql"},
    {"rollup_make_boards", R"sql(CREATE TEMPORARY TABLE rollup_boards (period text COLLATE "C", date date, entries jsonb))sql"},
});

// Days up to a date that something came to, those that an attempt left that died, and, if so wanted, those of the window. Of
// each: was it never counted, and is it to be computed whatever it comes to? The dead attempt may have written its counts, and
// not the dates that they bear upon.
constexpr auto take_days_sql = R"sql(
  WITH held AS MATERIALIZED (
    SELECT day, counting IS NOT NULL AS left_behind FROM metric_days
    WHERE day <= $1::text::date AND (changed OR counting IS NOT NULL OR ($4::text::boolean AND day >= $2::text::date))
    ORDER BY day FOR UPDATE
  )
  UPDATE metric_days m SET changed = FALSE, counting = $3::text FROM held h WHERE m.day = h.day
  RETURNING m.day, m.counted_at IS NULL, m.counted_at IS NULL OR h.left_behind OR $4::text::boolean
)sql";

// The same without taking them.
constexpr auto see_days_sql = R"sql(
  SELECT day, counted_at IS NULL, counted_at IS NULL OR counting IS NOT NULL OR $3::text::boolean FROM metric_days
  WHERE day <= $1::text::date AND (changed OR counting IS NOT NULL OR ($3::text::boolean AND day >= $2::text::date))
)sql";

// A day's events by rule. VIEWs of one viewer of a rule count up to the cap; the other types go a way of their own, since a
// hash table of viewers is what costs. A sum of integers is a bigint; a sum of bigints would be a numeric.
constexpr auto count_day_sql = R"sql(
  INSERT INTO rollup_counts
  SELECT $1::text::date, x.rule_id, x.views, x.copies, x.saves, x.forks, x.votes, x.events,
         ingot_nano_points(x.views, x.copies, x.saves, x.forks, x.votes, $3::text::float8)
  FROM (
    SELECT rule_id, sum(views) AS views, sum(copies) AS copies, sum(saves) AS saves, sum(forks) AS forks, sum(votes) AS votes,
           sum(events) AS events
    FROM (
      SELECT rule_id, least(count(*), $2::text::bigint)::integer AS views, 0 AS copies, 0 AS saves, 0 AS forks, 0 AS votes,
             count(*)::integer AS events
      FROM events
      WHERE ts >= ($1::text || 'T00:00:00Z')::timestamptz AND ts < ($1::text || 'T00:00:00Z')::timestamptz + interval '1 day'
        AND type = 'VIEW'
      GROUP BY rule_id, viewer
      UNION ALL
      SELECT rule_id, 0, (count(*) FILTER (WHERE type = 'COPY'))::integer,
             (count(*) FILTER (WHERE type = 'SAVE') - count(*) FILTER (WHERE type = 'UNSAVE'))::integer,
             (count(*) FILTER (WHERE type = 'FORK'))::integer,
             (count(*) FILTER (WHERE type = 'VOTE') - count(*) FILTER (WHERE type = 'UNVOTE'))::integer, count(*)::integer
      FROM events
      WHERE ts >= ($1::text || 'T00:00:00Z')::timestamptz AND ts < ($1::text || 'T00:00:00Z')::timestamptz + interval '1 day'
        AND type IN ('COPY', 'SAVE', 'UNSAVE', 'FORK', 'VOTE', 'UNVOTE')
      GROUP BY rule_id
    ) y GROUP BY rule_id
  ) x
)sql";

// What was counted before of the days that are counted now goes, what was counted now comes.
constexpr auto find_differences_sql = R"sql(
  INSERT INTO rollup_differences
  SELECT rule_id, sum(views), sum(copies), sum(saves), sum(forks), sum(votes)
  FROM (
    SELECT rule_id, views, copies, saves, forks, votes FROM rollup_counts
    UNION ALL
    SELECT m.rule_id, -m.views, -m.copies, -m.saves, -m.forks, -m.votes
    FROM rule_metric_daily m JOIN rollup_days d ON m.date = d.day WHERE d.counted AND m.events > 0
  ) x GROUP BY rule_id
  HAVING (sum(views), sum(copies), sum(saves), sum(forks), sum(votes)) <> (0, 0, 0, 0, 0)
)sql";

// The days that come to something else than what is stored. A donation moves nothing but its own day.
constexpr auto find_moved_sql = R"sql(
  UPDATE rollup_days SET moved = TRUE
  WHERE counted AND NOT moved AND day IN (
    SELECT day
    FROM (
      SELECT day, rule_id, views, copies, saves, forks, votes, events FROM rollup_counts
      WHERE day IN (SELECT day FROM rollup_days WHERE NOT moved)
      UNION ALL
      SELECT m.date, m.rule_id, -m.views, -m.copies, -m.saves, -m.forks, -m.votes, -m.events
      FROM rule_metric_daily m JOIN rollup_days d ON m.date = d.day WHERE d.counted AND NOT d.moved AND m.events > 0
    ) x GROUP BY day, rule_id
    HAVING (sum(views), sum(copies), sum(saves), sum(forks), sum(votes), sum(events)) <> (0, 0, 0, 0, 0, 0))
)sql";

// The points of all time, once the differences are in.
constexpr auto find_totals_sql = R"sql(
  INSERT INTO rollup_totals
  SELECT rule_id, sum(ingot_nano_points(views, copies, saves, forks, votes, $1::text::float8))
  FROM (SELECT * FROM rule_metric_totals UNION ALL SELECT * FROM rollup_differences) x GROUP BY rule_id
)sql";

// Which dates are to be computed, and whether their scores are or only their leaderboards. Scores: of the days that were taken
// and those whose window holds one that moved; of the window of this rollup, where they were computed with other parameters; and
// those that an earlier rollup, of an earlier date, left to us. Nothing before the first day that is known.
constexpr auto list_dates_sql = R"sql(
  WITH scored AS (
    SELECT g::date AS date FROM rollup_days d
    CROSS JOIN LATERAL generate_series(d.day, LEAST($1::text::date, d.day + ($2::text::integer - 1)), interval '1 day') g
    WHERE d.moved
    UNION
    SELECT m.day FROM metric_days m JOIN rollup_days d ON m.day > d.day AND m.day < d.day + m.scored_days
    WHERE d.moved AND m.day <= $1::text::date
    UNION
    SELECT day FROM rollup_days
    UNION
    SELECT g::date FROM generate_series($1::text::date - ($2::text::integer - 1), $1::text::date, interval '1 day') g
    LEFT JOIN metric_days m ON m.day = g::date
    WHERE m.scored_with IS DISTINCT FROM $3::text AND g::date >= (SELECT min(day) FROM metric_days)
    UNION
    SELECT day FROM metric_days WHERE day <= $1::text::date AND scored_with IS NULL AND NOT changed
  ), ranked AS (
    SELECT DISTINCT l.date FROM leaderboard_snapshots l
    WHERE l.date <= $1::text::date AND l.date > (SELECT min(day) FROM rollup_days WHERE moved)
  )
  SELECT date, bool_or(scored) FROM (
    SELECT date, TRUE AS scored FROM scored UNION ALL SELECT date, FALSE FROM ranked) x
  GROUP BY date ORDER BY date
)sql";

// Each rule as of a date, from the days that were counted now and those that were counted before. Terms of the score are whole
// numbers (of billionths of a point), so that their sum is the same in every order.
constexpr auto sum_date_sql = R"sql(
  INSERT INTO rollup_sums
  SELECT rule_id,
         COALESCE(max(views) FILTER (WHERE age = 0), 0), COALESCE(max(copies) FILTER (WHERE age = 0), 0),
         COALESCE(max(saves) FILTER (WHERE age = 0), 0), COALESCE(max(forks) FILTER (WHERE age = 0), 0),
         COALESCE(max(votes) FILTER (WHERE age = 0), 0), COALESCE(max(events) FILTER (WHERE age = 0), 0),
         COALESCE(sum(round(nano * exp(-$3::text::float8 * age))) FILTER (WHERE age >= 0 AND age < $2::text::integer), 0),
         COALESCE(sum(nano) FILTER (WHERE age = 0), 0),
         COALESCE(sum(nano) FILTER (WHERE age BETWEEN 0 AND 6), 0),
         COALESCE(sum(nano) FILTER (WHERE age >= 0), 0),
         COALESCE(sum(nano) FILTER (WHERE age < 0), 0),
         bool_or(age >= 0 AND age < $2::text::integer)
  FROM (
    SELECT $1::text::date - day AS age, rule_id, views, copies, saves, forks, votes, events, nano
    FROM rollup_counts WHERE day > $1::text::date - 30
    UNION ALL
    SELECT $1::text::date - m.date, m.rule_id, m.views, m.copies, m.saves, m.forks, m.votes, m.events,
           ingot_nano_points(m.views, m.copies, m.saves, m.forks, m.votes, $4::text::float8)
    FROM rule_metric_daily m
    WHERE m.date > $1::text::date - 30 AND m.events > 0 AND m.date NOT IN (SELECT day FROM rollup_days WHERE counted)
  ) x GROUP BY rule_id
)sql";

// The rows of a date that differ from what is stored.
constexpr auto compare_rules_sql = R"sql(
  INSERT INTO rollup_rules
  SELECT CASE WHEN o.rule_id IS NULL THEN 'I'::"char" ELSE 'U'::"char" END, $1::text::date, s.rule_id, s.views, s.copies, s.saves,
         s.forks, s.votes, s.score / 1e9, s.events
  FROM rollup_sums s LEFT JOIN rule_metric_daily o ON o.date = $1::text::date AND o.rule_id = s.rule_id
  WHERE s.in_window AND (o.rule_id IS NULL OR (o.views, o.copies, o.saves, o.forks, o.votes, o.score, o.events)
                         IS DISTINCT FROM (s.views, s.copies, s.saves, s.forks, s.votes, s.score / 1e9, s.events))
  UNION ALL
  SELECT 'D'::"char", o.date, o.rule_id, 0, 0, 0, 0, 0, 0, 0
  FROM rule_metric_daily o
  WHERE o.date = $1::text::date AND NOT EXISTS (SELECT FROM rollup_sums s WHERE s.rule_id = o.rule_id AND s.in_window)
)sql";

// The same of authors: sums over their rules, and the donations to them that were paid on the day and not given back whole.
constexpr auto compare_authors_sql = R"sql(
  WITH today AS MATERIALIZED (
    SELECT id, sum(views)::bigint AS views, sum(copies)::bigint AS copies, sum(saves)::bigint AS saves, sum(forks)::bigint AS forks,
           sum(votes)::bigint AS votes, sum(score) / 1e9 AS score, sum(donations)::bigint AS donations, sum(cents)::bigint AS cents
    FROM (
      SELECT r.author_user_id COLLATE "C" AS id, s.views, s.copies, s.saves, s.forks, s.votes, s.score, 0 AS donations, 0::bigint AS cents
      FROM rollup_sums s JOIN rules r ON r.id COLLATE "C" = s.rule_id
      WHERE s.in_window AND r.author_user_id IS NOT NULL
      UNION ALL
      SELECT to_user_id COLLATE "C", 0, 0, 0, 0, 0, 0, 1,
             CASE WHEN lower(currency) = $2::text THEN COALESCE(amount, 0) - amount_refunded ELSE 0 END
      FROM donations
      WHERE paid_at >= ($1::text || 'T00:00:00Z')::timestamptz AND paid_at < ($1::text || 'T00:00:00Z')::timestamptz + interval '1 day'
        AND status IN ('succeeded', 'partially_refunded', 'disputed') AND to_user_id IS NOT NULL
    ) x GROUP BY id
  )
  INSERT INTO rollup_authors
  SELECT CASE WHEN o.author_user_id IS NULL THEN 'I'::"char" ELSE 'U'::"char" END, $1::text::date, t.*
  FROM today t LEFT JOIN author_metric_daily o ON o.date = $1::text::date AND o.author_user_id = t.id
  WHERE o.author_user_id IS NULL OR (o.views, o.copies, o.saves, o.forks, o.votes, o.score, o.donations, o.donations_cents)
        IS DISTINCT FROM (t.views, t.copies, t.saves, t.forks, t.votes, t.score, t.donations, t.cents)
  UNION ALL
  SELECT 'D'::"char", o.date, o.author_user_id, 0, 0, 0, 0, 0, 0, 0, 0
  FROM author_metric_daily o
  WHERE o.date = $1::text::date AND NOT EXISTS (SELECT FROM today t WHERE t.id = o.author_user_id)
)sql";

// The leaderboards of a date that differ from what is stored: by points without decay, then by id.
constexpr auto compare_boards_sql = R"sql(
  WITH rule_points AS MATERIALIZED (
    SELECT rule_id, COALESCE(s.daily, 0) AS daily, COALESCE(s.weekly, 0) AS weekly, COALESCE(s.monthly, 0) AS monthly,
           COALESCE(t.nano, 0) - COALESCE(s.later, 0) AS ever
    FROM rollup_totals t FULL JOIN rollup_sums s USING (rule_id) -- what a rule's days come to may be nothing in all
  ), author_points AS MATERIALIZED (
    SELECT r.author_user_id COLLATE "C" AS id, sum(p.daily) AS daily, sum(p.weekly) AS weekly, sum(p.monthly) AS monthly, sum(p.ever) AS ever
    FROM rule_points p JOIN rules r ON r.id COLLATE "C" = p.rule_id WHERE r.author_user_id IS NOT NULL GROUP BY 1
  ), best AS (
    (SELECT 'DAILY' AS period, 'rules' AS of, rule_id AS id, daily AS nano FROM rule_points WHERE daily > 0 ORDER BY daily DESC, rule_id LIMIT 100)
    UNION ALL
    (SELECT 'WEEKLY', 'rules', rule_id, weekly FROM rule_points WHERE weekly > 0 ORDER BY weekly DESC, rule_id LIMIT 100)
    UNION ALL
    (SELECT 'MONTHLY', 'rules', rule_id, monthly FROM rule_points WHERE monthly > 0 ORDER BY monthly DESC, rule_id LIMIT 100)
    UNION ALL
    (SELECT 'ALL', 'rules', rule_id, ever FROM rule_points WHERE ever > 0 ORDER BY ever DESC, rule_id LIMIT 100)
    UNION ALL
    (SELECT 'DAILY', 'authors', id, daily FROM author_points WHERE daily > 0 ORDER BY daily DESC, id LIMIT 100)
    UNION ALL
    (SELECT 'WEEKLY', 'authors', id, weekly FROM author_points WHERE weekly > 0 ORDER BY weekly DESC, id LIMIT 100)
    UNION ALL
    (SELECT 'MONTHLY', 'authors', id, monthly FROM author_points WHERE monthly > 0 ORDER BY monthly DESC, id LIMIT 100)
    UNION ALL
    (SELECT 'ALL', 'authors', id, ever FROM author_points WHERE ever > 0 ORDER BY ever DESC, id LIMIT 100)
  ), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY period, of ORDER BY nano DESC, id) AS rank FROM best
  ), boards AS (
    SELECT p.period, jsonb_build_object(
      'rules', COALESCE(jsonb_agg(jsonb_build_object('rank', rank, 'id', id, 'points', nano / 1e9) ORDER BY rank)
                        FILTER (WHERE of = 'rules'), '[]'),
      'authors', COALESCE(jsonb_agg(jsonb_build_object('rank', rank, 'id', id, 'points', nano / 1e9) ORDER BY rank)
                          FILTER (WHERE of = 'authors'), '[]')) AS entries
    FROM unnest('{DAILY,WEEKLY,MONTHLY,ALL}'::text[]) AS p (period) LEFT JOIN ranked r ON r.period = p.period GROUP BY p.period
  )
  INSERT INTO rollup_boards
  SELECT b.period, $1::text::date, b.entries
  FROM boards b LEFT JOIN leaderboard_snapshots o
    ON o.period = b.period COLLATE "C" AND o.scope = 'GLOBAL' AND o.scope_ref = '' AND o.date = $1::text::date
  WHERE o.entries IS DISTINCT FROM b.entries
)sql";

// The rules that are on a leaderboard of a date and were not on the one before; none when there is a later one already.
constexpr auto entered_sql = R"sql(
  SELECT b.period, e->>'rank', e->>'id', e->>'points'
  FROM rollup_boards b CROSS JOIN LATERAL jsonb_array_elements(b.entries->'rules') e
  WHERE b.date = $1::text::date
    AND NOT EXISTS (SELECT FROM leaderboard_snapshots l WHERE l.period = b.period AND l.scope = 'GLOBAL' AND l.date > b.date)
    AND NOT EXISTS (
      SELECT FROM (SELECT l.entries FROM leaderboard_snapshots l
                   WHERE l.period = b.period AND l.scope = 'GLOBAL' AND l.scope_ref = '' AND l.date < b.date
                   ORDER BY l.date DESC LIMIT 1) before
      CROSS JOIN LATERAL jsonb_array_elements(before.entries->'rules') o WHERE o->>'id' = e->>'id')
  ORDER BY b.period, (e->>'rank')::integer
)sql";

constexpr auto statements = std::to_array<named_statement>({
    {rollup_sql::take_days, take_days_sql},
    {rollup_sql::see_days, see_days_sql},
    // Remembers a day for the statements that follow.
    {rollup_sql::add_day, "INSERT INTO rollup_days VALUES ($1::text::date, $2::text::boolean, $3::text::boolean)"},
    // Without statistics thousands of days are expected, and the counts of all days are read for them.
    {rollup_sql::weigh_days, "ANALYZE rollup_days"},
    {rollup_sql::count_day, count_day_sql},
    // How many events that were.
    {rollup_sql::sum_counts, "SELECT COALESCE(sum(events), 0)::bigint FROM rollup_counts"},
    {rollup_sql::find_differences, find_differences_sql},
    {rollup_sql::find_moved, find_moved_sql},
    {rollup_sql::find_totals, find_totals_sql},
    {rollup_sql::list_dates, list_dates_sql},
    // Makes room for the next date.
    {rollup_sql::empty_sums, "TRUNCATE rollup_sums"},
    {rollup_sql::sum_date, sum_date_sql},
    {rollup_sql::compare_rules, compare_rules_sql},
    {rollup_sql::compare_authors, compare_authors_sql},
    {rollup_sql::compare_boards, compare_boards_sql},
    // What is to be written and removed.
    {rollup_sql::count_changes, R"sql(
      SELECT (SELECT count(*) FILTER (WHERE op <> 'D') FROM rollup_rules), (SELECT count(*) FILTER (WHERE op = 'D') FROM rollup_rules),
             (SELECT count(*) FILTER (WHERE op <> 'D') FROM rollup_authors), (SELECT count(*) FILTER (WHERE op = 'D') FROM rollup_authors),
             (SELECT count(*) FROM rollup_boards)
    )sql"},
    // Rules without events in the window any more.
    {rollup_sql::remove_rules, R"sql(
      DELETE FROM rule_metric_daily m USING rollup_rules c
      WHERE c.op = 'D' AND c.date = $1::text::date AND m.date = $1::text::date AND m.rule_id = c.rule_id
    )sql"},
    // Rules that came to something else.
    {rollup_sql::update_rules, R"sql(
      UPDATE rule_metric_daily m
      SET views = c.views, copies = c.copies, saves = c.saves, forks = c.forks, votes = c.votes, score = c.score, events = c.events
      FROM rollup_rules c WHERE c.op = 'U' AND c.date = $1::text::date AND m.date = $1::text::date AND m.rule_id = c.rule_id
    )sql"},
    // Rules that are new to their day.
    {rollup_sql::insert_rules, R"sql(
      INSERT INTO rule_metric_daily (date, rule_id, views, copies, saves, forks, votes, score, events)
      SELECT date, rule_id, views, copies, saves, forks, votes, score, events FROM rollup_rules WHERE op = 'I'
    )sql"},
    // Authors without events and donations any more.
    {rollup_sql::remove_authors, R"sql(
      DELETE FROM author_metric_daily m USING rollup_authors c WHERE c.op = 'D' AND m.date = c.date AND m.author_user_id = c.author_user_id
    )sql"},
    // Authors that are new to their day, or came to something else.
    {rollup_sql::write_authors, R"sql(
      INSERT INTO author_metric_daily (date, author_user_id, views, copies, saves, forks, votes, score, donations, donations_cents)
      SELECT date, author_user_id, views, copies, saves, forks, votes, score, donations, donations_cents FROM rollup_authors WHERE op <> 'D'
      ON CONFLICT (date, author_user_id) DO UPDATE SET
        views = excluded.views, copies = excluded.copies, saves = excluded.saves, forks = excluded.forks, votes = excluded.votes,
        score = excluded.score, donations = excluded.donations, donations_cents = excluded.donations_cents
    )sql"},
    // Brings the totals up to the days.
    {rollup_sql::write_totals, R"sql(
      INSERT INTO rule_metric_totals AS t (rule_id, views, copies, saves, forks, votes) SELECT * FROM rollup_differences
      ON CONFLICT (rule_id) DO UPDATE SET
        views = t.views + excluded.views, copies = t.copies + excluded.copies, saves = t.saves + excluded.saves,
        forks = t.forks + excluded.forks, votes = t.votes + excluded.votes
    )sql"},
    // The leaderboards that changed.
    {rollup_sql::write_boards, R"sql(
      INSERT INTO leaderboard_snapshots (period, scope, date, entries) SELECT period, 'GLOBAL', date, entries FROM rollup_boards
      ON CONFLICT (period, scope, scope_ref, date) DO UPDATE SET entries = excluded.entries, updated_at = now()
    )sql"},
    {rollup_sql::entered, entered_sql},
    // While the transaction waits for a lock, everybody who would add to a day waits behind it.
    {rollup_sql::wait_briefly, "SET LOCAL lock_timeout = '500ms'"},
    // Waits for those that add to a day at this moment, and lets nobody begin to.
    {rollup_sql::lock_days, "SELECT ingot_lock_metric_days()"},
    // The days are counted. One that changed meanwhile stays marked.
    {rollup_sql::release_days, "UPDATE metric_days SET counting = NULL, counted_at = now() WHERE counting = $1::text"},
    // Which dates were scored, and how.
    {rollup_sql::note_scores, R"sql(
      INSERT INTO metric_days (day, changed, scored_with, scored_days)
      SELECT d::date, FALSE, $2::text, $3::text::integer FROM unnest($1::text[]) d ORDER BY d
      ON CONFLICT (day) DO UPDATE SET scored_with = excluded.scored_with, scored_days = excluded.scored_days
    )sql"},
    // Dates behind that of this rollup are left to a later one: those whose window holds a day that moved, and those that
    // have leaderboards, since that of all time holds every day before it.
    {rollup_sql::outdate_scores, R"sql(
      INSERT INTO metric_days (day, changed)
      SELECT g::date, FALSE FROM rollup_days d
      CROSS JOIN LATERAL generate_series(GREATEST(d.day, $1::text::date) + 1, d.day + ($2::text::integer - 1), interval '1 day') g
      WHERE d.moved
      UNION
      SELECT m.day, FALSE FROM metric_days m JOIN rollup_days d ON m.day > d.day AND m.day < d.day + m.scored_days
      WHERE d.moved AND m.day > $1::text::date
      UNION
      SELECT l.date, FALSE FROM leaderboard_snapshots l
      WHERE l.date > $1::text::date AND EXISTS (SELECT FROM rollup_days WHERE moved)
      ORDER BY 1
      ON CONFLICT (day) DO UPDATE SET scored_with = NULL
    )sql"},
});

} // namespace

std::span<const named_statement> rollup_session_statements() {
  return session;
}

std::span<const named_statement> rollup_statements() {
  return statements;
}

} // namespace ingot::storage
