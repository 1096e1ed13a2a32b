-- Makes it possible to take what partners crawl, and to search it in full text while the search is rebuilt.

-- Who may send crawl items. The operator chooses the id; it has no slash.
CREATE TABLE crawl_sources (
  id          text COLLATE "C" PRIMARY KEY,
  name        text NOT NULL,
  disabled_at timestamptz, -- its items are refused since
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- No foreign key: the source's row is locked by whoever writes, and is never deleted.
CREATE TABLE crawl_items (
  source_id    text COLLATE "C" NOT NULL,
  external_id  text COLLATE "C" NOT NULL,
  url          text NOT NULL,
  title        text NOT NULL,
  summary      text,
  raw          jsonb,
  content_hash bytea NOT NULL, -- SHA-256 of the four above: an item that says the same again writes nothing
  version      integer NOT NULL DEFAULT 1,
  first_seen   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  PRIMARY KEY (source_id, external_id)
);

-- What can be found. A rebuild makes a generation beside the present one; only the present one answers.
CREATE TABLE search_documents (
  generation bigint NOT NULL,
  kind       text COLLATE "C" NOT NULL, -- which family of rows it stands for: `crawl_item`
  ref        text COLLATE "C" NOT NULL, -- which of them
  url        text NOT NULL,
  title      text NOT NULL,
  body       text NOT NULL,
  tsv        tsvector NOT NULL,
  PRIMARY KEY (generation, kind, ref)
);
CREATE INDEX search_documents_tsv ON search_documents USING gin (tsv);

-- The live generations. Whoever writes documents holds it (ingot_hold_search) from before reading it until COMMIT, so that no
-- generation is begun or ended in between.
CREATE TABLE search_state (
  one               boolean PRIMARY KEY DEFAULT TRUE CHECK (one),
  generation        bigint NOT NULL, -- that answers
  language          text NOT NULL,   -- its text search configuration
  building          bigint,          -- that grows; NULL: none
  building_language text,
  last_generation   bigint NOT NULL  -- numbers are not used twice
);
INSERT INTO search_state (generation, language, last_generation) VALUES (1, 'english', 1);

-- One row for each rebuild, the newest 20.
CREATE TABLE search_rebuilds (
  job_id      bigint PRIMARY KEY,
  generation  bigint NOT NULL,
  phase       text NOT NULL CHECK (phase IN ('copying', 'swapping', 'removing', 'done')),
  kind        text COLLATE "C" NOT NULL DEFAULT '', -- up to where it is copied
  ref         text COLLATE "C" NOT NULL DEFAULT '',
  documents   bigint NOT NULL DEFAULT 0, -- that were copied; what changed meanwhile writes its own
  started_at  timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);

-- A shared lock that queues, so that writers who come and go do not keep a rebuild waiting for ever; where there are no advisory
-- locks, the row is locked (docs/decisions/0003-a-lock-that-queues.md). Each lasts to the end of its transaction.
DO $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(4711038);
  CREATE FUNCTION ingot_hold_search() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock_shared(4711038)';
  CREATE FUNCTION ingot_lock_search() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock(4711038)';
EXCEPTION WHEN feature_not_supported THEN
  CREATE FUNCTION ingot_hold_search() RETURNS void LANGUAGE sql AS 'SELECT FROM search_state FOR SHARE';
  CREATE FUNCTION ingot_lock_search() RETURNS void LANGUAGE sql AS 'SELECT FROM search_state FOR NO KEY UPDATE';
END $$;

-- A document's words; those of its title count more.
CREATE FUNCTION ingot_search_words(language text, title text, body text) RETURNS tsvector LANGUAGE sql STABLE AS $$
  SELECT setweight(to_tsvector(language::regconfig, title), 'A') || setweight(to_tsvector(language::regconfig, body), 'B')
$$;
