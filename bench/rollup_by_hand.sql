-- What a rollup of a week is compared with: the same rows by set-based SQL as one writes it by hand, for a week that nothing is
-- stored of yet. No day is remembered, nothing is compared, nobody sees how far it is, and late events mean all of it again.
-- psql -v date=2024-05-20 -v views_max=5 -v decay=0.1 -v fork_weight=0.3 -v currency=usd -f bench/rollup_by_hand.sql
SET timezone = 'UTC';
SET work_mem = '128MB';
SET temp_buffers = '64MB';
SET jit = off;
BEGIN;
-- Each day's events by rule.
CREATE TEMPORARY TABLE counts ON COMMIT DROP AS
SELECT day, rule_id, sum(views) AS views, sum(copies) AS copies, sum(saves) AS saves, sum(forks) AS forks, sum(votes) AS votes,
       sum(events) AS events,
       ingot_nano_points(sum(views), sum(copies), sum(saves), sum(forks), sum(votes), :fork_weight) AS nano
FROM (
  SELECT (ts AT TIME ZONE 'UTC')::date AS day, rule_id, least(count(*), :views_max)::integer AS views, 0 AS copies, 0 AS saves, 0 AS forks,
         0 AS votes, count(*)::integer AS events
  FROM events WHERE ts >= :'date'::date - 6 AND ts < :'date'::date + 1 AND type = 'VIEW' GROUP BY 1, rule_id, viewer
  UNION ALL
  SELECT (ts AT TIME ZONE 'UTC')::date, rule_id, 0, (count(*) FILTER (WHERE type = 'COPY'))::integer,
         (count(*) FILTER (WHERE type = 'SAVE') - count(*) FILTER (WHERE type = 'UNSAVE'))::integer,
         (count(*) FILTER (WHERE type = 'FORK'))::integer,
         (count(*) FILTER (WHERE type = 'VOTE') - count(*) FILTER (WHERE type = 'UNVOTE'))::integer, count(*)::integer
  FROM events
  WHERE ts >= :'date'::date - 6 AND ts < :'date'::date + 1 AND type IN ('COPY', 'SAVE', 'UNSAVE', 'FORK', 'VOTE', 'UNVOTE')
  GROUP BY 1, rule_id
) x GROUP BY day, rule_id;
-- The rules' rows: a day's counts are of use to the scores of seven.
INSERT INTO rule_metric_daily (date, rule_id, views, copies, saves, forks, votes, score, events)
SELECT d::date, rule_id, COALESCE(max(views) FILTER (WHERE day = d), 0), COALESCE(max(copies) FILTER (WHERE day = d), 0),
       COALESCE(max(saves) FILTER (WHERE day = d), 0), COALESCE(max(forks) FILTER (WHERE day = d), 0),
       COALESCE(max(votes) FILTER (WHERE day = d), 0), sum(round(nano * exp(-:decay * (d::date - day)))) / 1e9,
       COALESCE(max(events) FILTER (WHERE day = d), 0)
FROM counts CROSS JOIN LATERAL generate_series(day, :'date'::date, interval '1 day') d GROUP BY d, rule_id;
-- The authors' rows.
INSERT INTO author_metric_daily (date, author_user_id, views, copies, saves, forks, votes, score, donations, donations_cents)
SELECT date, author, sum(views), sum(copies), sum(saves), sum(forks), sum(votes), sum(score), sum(donations), sum(cents)
FROM (
  SELECT m.date, r.author_user_id AS author, m.views, m.copies, m.saves, m.forks, m.votes, m.score, 0 AS donations, 0 AS cents
  FROM rule_metric_daily m JOIN rules r ON r.id = m.rule_id COLLATE "default"
  WHERE m.date > :'date'::date - 7 AND m.date <= :'date'::date AND r.author_user_id IS NOT NULL
  UNION ALL
  SELECT (paid_at AT TIME ZONE 'UTC')::date, to_user_id COLLATE "default", 0, 0, 0, 0, 0, 0, 1,
         CASE WHEN currency = :'currency' THEN amount - amount_refunded ELSE 0 END
  FROM donations
  WHERE paid_at >= :'date'::date - 6 AND paid_at < :'date'::date + 1 AND to_user_id IS NOT NULL
    AND status IN ('succeeded', 'partially_refunded', 'disputed')
) x GROUP BY date, author;
-- The sums over all days.
INSERT INTO rule_metric_totals
SELECT rule_id, sum(views), sum(copies), sum(saves), sum(forks), sum(votes) FROM counts GROUP BY rule_id;
-- The leaderboards of the seven dates.
CREATE TEMPORARY TABLE points ON COMMIT DROP AS
SELECT d::date AS date, p.period, c.rule_id AS id, sum(c.nano) AS nano
FROM generate_series(:'date'::date - 6, :'date'::date, interval '1 day') d
CROSS JOIN (VALUES ('DAILY', 1), ('WEEKLY', 7)) p (period, days)
JOIN counts c ON c.day <= d AND c.day > d::date - p.days
GROUP BY 1, 2, 3;
INSERT INTO leaderboard_snapshots (period, scope, date, entries)
SELECT q.period, 'GLOBAL', date, jsonb_build_object(
  'rules', COALESCE(jsonb_agg(jsonb_build_object('rank', rank, 'id', id, 'points', nano / 1e9) ORDER BY rank) FILTER (WHERE of = 'rules'), '[]'),
  'authors', COALESCE(jsonb_agg(jsonb_build_object('rank', rank, 'id', id, 'points', nano / 1e9) ORDER BY rank) FILTER (WHERE of = 'authors'), '[]'))
FROM (
  SELECT *, row_number() OVER (PARTITION BY date, period, of ORDER BY nano DESC, id) AS rank
  FROM (SELECT date, period, 'rules' AS of, id, nano FROM points WHERE nano > 0
        UNION ALL
        SELECT date, period, 'authors', r.author_user_id COLLATE "C", sum(nano) FROM points p JOIN rules r ON r.id = p.id COLLATE "default"
        WHERE r.author_user_id IS NOT NULL GROUP BY 1, 2, 4 HAVING sum(nano) > 0) y
) x
-- A week of events: the last thirty days and all days are the last seven.
JOIN (VALUES ('DAILY', 'DAILY'), ('WEEKLY', 'WEEKLY'), ('WEEKLY', 'MONTHLY'), ('WEEKLY', 'ALL')) q (of_period, period) ON q.of_period = x.period
WHERE rank <= 100 GROUP BY q.period, date;
COMMIT;
