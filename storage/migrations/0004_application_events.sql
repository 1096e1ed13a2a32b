-- Makes it possible to take an application's events, each once, and to know which days' metrics they change.

-- Events as the application told of them. One partition a day (of `ts`, UTC); retention drops partitions.
CREATE TABLE events (
  ts              timestamptz NOT NULL,
  received_at     timestamptz NOT NULL,
  viewer          uuid NOT NULL, -- keyed hash of the client's address; the key changes (settings.events.address_key_days)
  type            text COLLATE "C" NOT NULL,
  rule_id         text COLLATE "C" NOT NULL,
  user_id         text COLLATE "C",
  idempotency_key text COLLATE "C",
  data            jsonb -- what else the event says
) PARTITION BY RANGE (ts);
-- Takes what belongs to no day's partition, so that a wrong clock loses nothing.
CREATE TABLE events_other PARTITION OF events DEFAULT;

-- Which idempotency keys were taken (their SHA-256, cut), for as long as events are kept: a partitioned table could not hold this
-- key.
CREATE TABLE event_keys (
  key uuid PRIMARY KEY,
  day date NOT NULL -- of the event
);
-- So that retention finds a day's.
CREATE INDEX event_keys_day ON event_keys (day);

-- When an address viewed a rule: one VIEW of the two is stored within settings.events.view_window. The row's lock puts nodes in
-- order. A period is as long as addresses are hashed with one key; partitions are of weeks.
CREATE TABLE view_marks (
  period  date NOT NULL, -- its first day
  viewer  uuid NOT NULL,
  rule_id text COLLATE "C" NOT NULL,
  times   timestamptz[] NOT NULL, -- of the stored views
  PRIMARY KEY (period, viewer, rule_id)
) PARTITION BY RANGE (period);
CREATE TABLE view_marks_other PARTITION OF view_marks DEFAULT;

-- Days that have events or donations. Whoever adds to a day holds its row (FOR SHARE) until COMMIT; whoever counts it takes
-- `changed` back first, and so waits for them.
CREATE TABLE metric_days (
  day     date PRIMARY KEY,
  changed boolean NOT NULL DEFAULT TRUE -- something came since its metrics were counted
);

-- Ends a transaction that adds to a day which somebody began to count in between: the second try marks it anew. 40001 is what
-- everybody repeats.
CREATE FUNCTION ingot_day_moved(day date) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = format('the metrics of %s are being counted', day);
END
$$;

-- The main application's catalogue; here so that the rollup finds the table where there is no application yet.
CREATE TABLE IF NOT EXISTS rules (
  id             text PRIMARY KEY,
  author_user_id text,
  slug           text,
  title          text,
  status         text
);
