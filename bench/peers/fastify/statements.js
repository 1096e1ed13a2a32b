// One statement, so one transaction and one round trip, for each kind of event. A delivery that is known changes nothing.

const columns = ['full_name', 'name', 'owner', 'description', 'is_private', 'default_branch', 'html_url', 'language', 'stars', 'forks'];
const newer = columns.map((c) => `${c} = CASE WHEN excluded.source_updated_at >= t.source_updated_at THEN excluded.${c} ELSE t.${c} END`);

// $1 … $16: the delivery and its repository.
const delivery = `
  WITH d AS (
    INSERT INTO deliveries (delivery_id, event, action, repository_id, repository, body) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING RETURNING 1
  ), r AS (
    INSERT INTO repositories AS t (github_id, full_name, name, owner, description, is_private, default_branch, html_url, language, stars,
                                   forks, last_activity, source_updated_at)
    SELECT $4::bigint, $5, $7, $8, $9, $10::boolean, $11, $12, $13, $14::bigint, $15::bigint, $16::timestamptz, $16::timestamptz FROM d
    ON CONFLICT (github_id) DO UPDATE SET ${newer.join(', ')},
      last_activity = greatest(t.last_activity, excluded.last_activity),
      source_updated_at = greatest(t.source_updated_at, excluded.source_updated_at), updated_at = now()
    RETURNING id
  )`;

export const push = { name: 'push', text: `${delivery} SELECT count(*) FROM r` };

export const pullRequest = {
  name: 'pull_request',
  text: `${delivery}, p AS (
    INSERT INTO pull_requests AS t (repo_id, pr_number, title, description, author, author_avatar, commit_sha, branch_name, base_branch,
      pr_url, additions, deletions, changed_files, commits_count, labels, assignees, reviewers, is_draft, state, merged, merged_at,
      closed_at, history, source_updated_at)
    SELECT r.id, $17::int, $18, $19, $20, $21, $22, $23, $24, $25, $26::int, $27::int, $28::int, $29::int, $30::jsonb, $31::jsonb, $32::jsonb,
           $33::boolean, $34, $35::boolean, $36::timestamptz, $37::timestamptz, $38::jsonb, $39::timestamptz FROM r
    ON CONFLICT (repo_id, pr_number) DO UPDATE SET title = excluded.title, description = excluded.description, author = excluded.author,
      author_avatar = excluded.author_avatar, commit_sha = excluded.commit_sha, branch_name = excluded.branch_name,
      base_branch = excluded.base_branch, pr_url = excluded.pr_url, additions = excluded.additions, deletions = excluded.deletions,
      changed_files = excluded.changed_files, commits_count = excluded.commits_count, labels = excluded.labels,
      assignees = excluded.assignees, reviewers = excluded.reviewers, is_draft = excluded.is_draft, state = excluded.state,
      merged = excluded.merged, merged_at = excluded.merged_at, closed_at = excluded.closed_at,
      history = CASE WHEN t.state <> excluded.state OR t.commit_sha <> excluded.commit_sha
                     THEN t.history || excluded.history ELSE t.history END,
      processed = FALSE, updated_at = now(), source_updated_at = excluded.source_updated_at
    WHERE t.source_updated_at <= excluded.source_updated_at
  )
  INSERT INTO pipeline_runs AS t (repo_id, pr_number, commit_sha, author, avatar_url, title, status_pr, history, pull_at)
  SELECT r.id, $17::int, $22, $20, $21, $18, $40, $38::jsonb, $39::timestamptz FROM r
  ON CONFLICT (repo_id, pr_number) DO UPDATE SET commit_sha = excluded.commit_sha, author = excluded.author,
    avatar_url = excluded.avatar_url, title = excluded.title, status_pr = excluded.status_pr,
    history = CASE WHEN t.status_pr <> excluded.status_pr THEN t.history || excluded.history ELSE t.history END,
    processed = FALSE, updated_at = now(), pull_at = excluded.pull_at
  WHERE t.pull_at <= excluded.pull_at`,
};

export const build = {
  name: 'build',
  text: `${delivery}
  INSERT INTO pipeline_runs AS t (repo_id, pr_number, commit_sha, author, avatar_url, title, status_build, history, build_at)
  SELECT r.id, n, $17, $18, $19, $20, $21, $22::jsonb, $23::timestamptz FROM r, unnest($24::int[]) AS n
  ON CONFLICT (repo_id, pr_number) DO UPDATE SET status_build = excluded.status_build,
    history = CASE WHEN t.status_build <> excluded.status_build THEN t.history || excluded.history ELSE t.history END,
    processed = FALSE, updated_at = now(), build_at = excluded.build_at
  WHERE t.build_at <= excluded.build_at`,
};
