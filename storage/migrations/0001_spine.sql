-- Makes it possible to take GitHub webhooks: what was delivered, the rows that readers poll, and jobs that follow.
-- Common subset of PostgreSQL 14+ and YugabyteDB; what only PostgreSQL has is in storage/optional_features.cpp.
-- Ids, names and hashes are compared by their bytes (COLLATE "C"): no language's rules, and several times as fast.

-- Which deliveries were taken. Kept longer than any sender's redelivery window; a partitioned table could not hold this key.
CREATE TABLE delivery_ids (
  source      text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (source, delivery_id)
);

-- Every verified delivery as it came. One partition a day; retention drops partitions.
CREATE TABLE deliveries (
  delivery_id     text NOT NULL,
  received_at     timestamptz NOT NULL,
  source          text NOT NULL,
  endpoint        text NOT NULL,
  event           text NOT NULL,
  action          text NOT NULL DEFAULT '',
  content_type    text NOT NULL DEFAULT '',
  hook_id         bigint,
  repository_id   bigint,
  repository      text NOT NULL DEFAULT '',
  installation_id bigint,
  outcome         text NOT NULL,
  error           text,
  body_bytes      integer NOT NULL,
  body_encoding   smallint NOT NULL,
  body            bytea NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX deliveries_received_at ON deliveries (received_at);
CREATE INDEX deliveries_failed ON deliveries (received_at) WHERE outcome = 'failed';
-- Takes what belongs to no day's partition, so that a wrong clock loses nothing.
CREATE TABLE deliveries_other PARTITION OF deliveries DEFAULT;

CREATE TABLE repositories (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  github_id         bigint NOT NULL,
  name              text NOT NULL,
  full_name         text COLLATE "C" NOT NULL,
  description       text,
  owner             text NOT NULL,
  is_private        boolean NOT NULL DEFAULT FALSE,
  default_branch    text,
  html_url          text,
  language          text,
  stars             bigint NOT NULL DEFAULT 0,
  forks             bigint NOT NULL DEFAULT 0,
  open_prs          bigint NOT NULL DEFAULT 0,
  total_prs         bigint NOT NULL DEFAULT 0,
  last_activity     timestamptz,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  archived          boolean NOT NULL DEFAULT FALSE,
  deleted           boolean NOT NULL DEFAULT FALSE,
  installation_id   bigint,
  source_updated_at timestamptz,
  version           bigint NOT NULL DEFAULT 1,
  facts             text NOT NULL DEFAULT '',
  CONSTRAINT repositories_github_id UNIQUE (github_id),
  CONSTRAINT repositories_full_name UNIQUE (full_name)
);

CREATE TABLE pull_requests (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  repo_id           uuid NOT NULL REFERENCES repositories (id),
  pr_number         integer NOT NULL,
  title             text NOT NULL,
  description       text,
  author            text NOT NULL,
  author_avatar     text,
  commit_sha        text NOT NULL,
  branch_name       text,
  base_branch       text,
  pr_url            text,
  commit_urls       jsonb[] NOT NULL DEFAULT '{}',
  files_changed     jsonb[] NOT NULL DEFAULT '{}',
  additions         integer NOT NULL DEFAULT 0,
  deletions         integer NOT NULL DEFAULT 0,
  changed_files     integer NOT NULL DEFAULT 0,
  commits_count     integer NOT NULL DEFAULT 0,
  labels            jsonb NOT NULL DEFAULT '[]',
  assignees         jsonb NOT NULL DEFAULT '[]',
  reviewers         jsonb NOT NULL DEFAULT '[]',
  is_draft          boolean NOT NULL DEFAULT FALSE,
  state             text NOT NULL DEFAULT 'open',
  merged            boolean NOT NULL DEFAULT FALSE,
  merged_at         timestamptz,
  closed_at         timestamptz,
  history           jsonb NOT NULL DEFAULT '[]',
  processed         boolean NOT NULL DEFAULT FALSE,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  source_updated_at timestamptz,
  facts             text NOT NULL DEFAULT '',
  CONSTRAINT pull_requests_repo_number UNIQUE (repo_id, pr_number)
);
-- The reader polls WHERE processed = FALSE. Keyed by a column that never changes, so that updates in between stay heap-only.
CREATE INDEX pull_requests_unprocessed ON pull_requests (pr_number) WHERE processed = FALSE;

CREATE TABLE pipeline_runs (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  repo_id           uuid NOT NULL REFERENCES repositories (id),
  pr_number         integer NOT NULL,
  commit_sha        text,
  author            text,
  avatar_url        text,
  title             text,
  status_pr         text NOT NULL DEFAULT 'pending',
  status_build      text NOT NULL DEFAULT 'pending',
  status_approval   text NOT NULL DEFAULT 'pending',
  status_merge      text NOT NULL DEFAULT 'pending',
  history           jsonb NOT NULL DEFAULT '[]',
  processed         boolean NOT NULL DEFAULT FALSE,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  source_updated_at timestamptz,
  facts             text NOT NULL DEFAULT '',
  CONSTRAINT pipeline_runs_repo_number UNIQUE (repo_id, pr_number)
);
CREATE INDEX pipeline_runs_unprocessed ON pipeline_runs (pr_number) WHERE processed = FALSE;

-- Written by the reader's own service; here so that it finds the table.
CREATE TABLE insights (
  id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  repo_id        uuid NOT NULL REFERENCES repositories (id),
  pr_number      integer NOT NULL,
  commit_sha     text,
  author         text,
  avatar_url     text,
  risk_level     text CHECK (risk_level IN ('low', 'medium', 'high')),
  summary        text,
  recommendation text,
  processed      boolean NOT NULL DEFAULT FALSE,
  created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX insights_unprocessed ON insights (created_at) WHERE processed = FALSE;

-- What is known of a commit: whose head it was, and builds that named no pull request.
CREATE TABLE commits (
  repository_id bigint NOT NULL,
  sha           text COLLATE "C" NOT NULL,
  facts         text NOT NULL DEFAULT '',
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (repository_id, sha)
);

-- GitHub App installations that told us of themselves.
CREATE TABLE installations (
  installation_id      bigint PRIMARY KEY,
  account              text NOT NULL,
  account_id           bigint,
  account_type         text,
  app_id               bigint,
  repository_selection text,
  suspended            boolean NOT NULL DEFAULT FALSE,
  deleted              boolean NOT NULL DEFAULT FALSE,
  source_updated_at    timestamptz NOT NULL,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now()
);

-- Follow-up work, enqueued in the transaction that made it necessary.
CREATE TABLE jobs (
  id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL,
  key         text NOT NULL,
  dedupe_key  text COLLATE "C",
  payload     jsonb NOT NULL DEFAULT '{}',
  priority    smallint NOT NULL DEFAULT 0,
  state       text NOT NULL DEFAULT 'pending',
  run_at      timestamptz NOT NULL DEFAULT now(),
  attempts    integer NOT NULL DEFAULT 0,
  lease_token uuid,
  lease_until timestamptz,
  last_error  text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT jobs_dedupe_key UNIQUE (dedupe_key)
);
CREATE INDEX jobs_due ON jobs (priority, run_at, id) WHERE state = 'pending';

-- Refusals and operators' actions. Equal refusals of one second are one line with a count.
CREATE TABLE audit_log (
  id      bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL,
  actor   text NOT NULL,
  action  text NOT NULL,
  subject text NOT NULL DEFAULT '',
  count   bigint NOT NULL DEFAULT 1,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_at ON audit_log (at);
