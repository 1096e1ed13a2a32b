-- The audit log becomes a chain of hashes (model/audit_chain): lines are only ever inserted, without a seal, in whatever
-- transaction they tell of; the AUDITOR of one node seals them in the order of their ids a moment later.

ALTER TABLE audit_log
  ADD COLUMN request_id    text,
  ADD COLUMN before        jsonb,
  ADD COLUMN after         jsonb,
  ADD COLUMN seq           bigint, -- place in the chain; NULL: not sealed yet
  ADD COLUMN previous_hash bytea,
  ADD COLUMN hash          bytea;

-- What is no time, or none that a program can count, cannot be sealed, and would stop the sealing of all others.
ALTER TABLE audit_log ADD CONSTRAINT audit_log_finite_time CHECK (isfinite(at) AND at >= '1970-01-01Z' AND at < '10000-01-01Z');

-- What waits to be sealed.
CREATE INDEX audit_log_unsealed ON audit_log (id) WHERE seq IS NULL;

-- The chain. Not unique: a forged line must not keep the others from being sealed; `ingot audit verify` finds it.
CREATE INDEX audit_log_chain ON audit_log (seq, id) WHERE seq IS NOT NULL;

-- Pages of what one did, of what was done, of what was done to one.
CREATE INDEX audit_log_actor ON audit_log (actor, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_subject ON audit_log (subject, id);

-- The end of the chain: one row, whose lock makes one node of all the sealer.
CREATE TABLE audit_chain (
  id    smallint PRIMARY KEY DEFAULT 1,
  lines bigint NOT NULL,
  hash  bytea NOT NULL,
  CONSTRAINT audit_chain_one_row CHECK (id = 1)
);
INSERT INTO audit_chain (lines, hash) VALUES (0, decode(repeat('00', 32), 'hex'));
