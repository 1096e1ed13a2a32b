-- Limits of providers' APIs, shared by nodes: what may still be spent is leased from these rows (model/github/limiter).

-- One row for each budget: an installation's, a user's, the node's token, the App's, nobody's. Its lock is the budget's lock.
CREATE TABLE rate_budgets (
  budget        text COLLATE "C" PRIMARY KEY, -- installation/7, user/3, token, app, anonymous
  blocked_until timestamptz, -- retry-after, or a secondary limit: nothing is sent before
  strikes       integer NOT NULL DEFAULT 0, -- secondary limits without a time, one after the other
  struck_at     timestamptz, -- the last of them
  updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rate_budgets_updated ON rate_budgets (updated_at);

-- Its primary limits, a window of each, and the points of the minute.
CREATE TABLE rate_windows (
  budget        text COLLATE "C" NOT NULL REFERENCES rate_budgets (budget) ON DELETE CASCADE,
  resource      text NOT NULL CHECK (resource IN ('core', 'graphql')),
  request_limit bigint NOT NULL,
  spent         bigint NOT NULL DEFAULT 0, -- by nodes, as far as they told
  elsewhere     bigint NOT NULL DEFAULT 0, -- by others, at most
  generation    bigint NOT NULL DEFAULT 0, -- moves with every window
  observed      boolean NOT NULL DEFAULT FALSE, -- an answer of this window is known
  unmetered     boolean NOT NULL DEFAULT FALSE, -- answers name no limit
  observed_at   timestamptz,
  ends_at       timestamptz, -- the provider's reset
  point_slot    bigint NOT NULL DEFAULT 0, -- the newest slot of five seconds, since 1970
  points        bigint[] NOT NULL DEFAULT '{}', -- leased by slot; slot n at n modulo their number
  PRIMARY KEY (budget, resource)
);

-- What nodes have leased and not told to be spent.
CREATE TABLE rate_leases (
  budget     text COLLATE "C" NOT NULL REFERENCES rate_budgets (budget) ON DELETE CASCADE,
  node       text COLLATE "C" NOT NULL, -- another one after each start
  core       bigint NOT NULL DEFAULT 0,
  graphql    bigint NOT NULL DEFAULT 0,
  at_once    bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (budget, node)
);
