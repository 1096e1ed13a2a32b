-- The tables of the peer's application intakes: what a good engineer would write for the same promises.
CREATE TABLE IF NOT EXISTS peer_events (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type            text NOT NULL,
  rule_id         text NOT NULL,
  user_id         text,
  ip_hash         text NOT NULL,
  idempotency_key text UNIQUE,
  ts              timestamptz NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS peer_events_views ON peer_events (rule_id, ip_hash, ts) WHERE type = 'VIEW';
CREATE TABLE IF NOT EXISTS peer_stripe_events (
  id         text PRIMARY KEY,
  type       text NOT NULL,
  payload    jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS peer_donations (
  payment         text PRIMARY KEY,
  status          text NOT NULL,
  amount          bigint NOT NULL,
  amount_refunded bigint NOT NULL DEFAULT 0,
  currency        text NOT NULL,
  from_user_id    text,
  to_user_id      text,
  rule_id         text,
  updated_at      timestamptz NOT NULL DEFAULT now()
);
