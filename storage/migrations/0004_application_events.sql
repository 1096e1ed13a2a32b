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

-- Which requests were applied, by when they came and an id that the node gave them: whoever does not know how a COMMIT ended
-- repeats it. One partition a day.
CREATE TABLE event_requests (
  received_at timestamptz NOT NULL,
  id          uuid NOT NULL,
  PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
CREATE TABLE event_requests_other PARTITION OF event_requests DEFAULT;

-- When an address viewed a rule: one VIEW of the two is stored within settings.events.view_window. The row's lock puts nodes in
-- order. A period is as long as addresses are hashed with one key; partitions are of weeks.
CREATE TABLE view_marks (
  period  date NOT NULL, -- its first day
  viewer  uuid NOT NULL,
  rule_id text COLLATE "C" NOT NULL,
  times   timestamptz[] NOT NULL, -- of the stored views
  added   timestamptz[] NOT NULL, -- those that the last change added; of a row that was never changed: what was asked for
  changes integer NOT NULL DEFAULT 0,
  PRIMARY KEY (period, viewer, rule_id)
) PARTITION BY RANGE (period);
CREATE TABLE view_marks_other PARTITION OF view_marks DEFAULT;

-- Which of the views `asked`, one after the other, lie `apart` at least from all `stored` ones and from those before them.
CREATE FUNCTION ingot_fresh_views(stored timestamptz[], asked timestamptz[], apart interval) RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  fresh timestamptz[] := '{}';
  one timestamptz;
  other timestamptz;
BEGIN
  <<next>>
  FOREACH one IN ARRAY asked LOOP
    FOREACH other IN ARRAY stored LOOP
      CONTINUE next WHEN one > other - apart AND one < other + apart;
    END LOOP;
    stored := stored || one;
    fresh := fresh || one;
  END LOOP;
  RETURN fresh;
END
$$;

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
