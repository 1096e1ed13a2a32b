#include "storage/github_rows.hpp"
#include "storage/switched_statements.hpp"

#include <array>

namespace ingot::storage {

namespace {

// Every row that the transaction may write, bearers of wanted names among them, in one order: two transactions that share rows
// wait for each other instead of deadlocking.
constexpr auto lock_repositories_sql = R"sql(
  SELECT FROM repositories
  WHERE github_id = ANY($1::int8[]) OR full_name = ANY($2::text[]) ORDER BY github_id FOR UPDATE
)sql";

// What each repository's decision stands on.
constexpr auto load_repositories = R"sql(
  SELECT github_id, version, facts, full_name FROM repositories WHERE github_id = ANY($1::int8[])
)sql";

// The pull request's and the pipeline's facts for each (repository, number); NULL where there is no row.
constexpr auto load_pull_requests = R"sql(
  SELECT u.repository_id, u.number, p.facts, l.facts
  FROM unnest($1::int8[], $2::int4[]) AS u (repository_id, number)
  LEFT JOIN repositories r ON r.github_id = u.repository_id
  LEFT JOIN pull_requests p ON p.repo_id = r.id AND p.pr_number = u.number
  LEFT JOIN pipeline_runs l ON l.repo_id = r.id AND l.pr_number = u.number
)sql";

// The facts of commits; NULL where there is no row.
constexpr auto load_commits = R"sql(
  SELECT u.repository_id, u.sha, c.facts
  FROM unnest($1::int8[], $2::text[]) AS u (repository_id, sha)
  LEFT JOIN commits c ON c.repository_id = u.repository_id AND c.sha = u.sha
)sql";

// A full name that an older or deleted repository still bears goes to the one that bears it now. What is released in this way
// ends in `~` and the id, which no name of GitHub's contains. Its version moves, unless the same transaction writes it as well.
constexpr auto release_names = R"sql(
  UPDATE repositories r
  SET full_name = r.full_name || '~' || r.github_id, updated_at = now(),
      version = r.version + (r.github_id <> ALL($4::int8[]))::int
  FROM unnest($1::int8[], $2::text[], $3::timestamptz[]) AS u (github_id, full_name, at)
  WHERE r.full_name = u.full_name AND r.github_id <> u.github_id
    AND (r.deleted OR (COALESCE(r.source_updated_at, '-infinity'), r.github_id) < (COALESCE(u.at, '-infinity'), u.github_id))
)sql";

// What each decision changes of its repository's row: only if the version is still the one that was decided upon
// (compare-and-set), with a newer snapshot's columns where there is one; a name that a newer repository bears is not taken from
// it. One heard of for the first time is inserted; another node may be quicker. Whatever was not written for these reasons fails
// the statement, and with it the transaction. The rows that could not have their name are returned with the one they have. Of
// installations the one named last counts; NULL with a time is a removal, and the greatest (see mention_repositories).
constexpr auto write_repositories = R"sql(
  WITH u AS (
    SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::timestamptz[], $7::bool[], $8::text[],
                         $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bool[],
                         $17::bool[], $18::int8[], $19::int8[], $20::timestamptz[], $21::bool[], $22::bool[], $23::timestamptz[])
    AS t (github_id, base_version, open_prs, total_prs, installation_id, last_activity, deleted, facts, name, full_name, owner,
          description, language, default_branch, html_url, is_private, archived, stars, forks, source_updated_at, is_new, has_columns,
          installation_at)
  ), added AS (
    INSERT INTO repositories (github_id, open_prs, total_prs, installation_id, last_activity, deleted, facts, name, full_name, owner,
                              description, language, default_branch, html_url, is_private, archived, stars, forks, source_updated_at,
                              installation_at)
    SELECT u.github_id, u.open_prs, u.total_prs, u.installation_id, u.last_activity, u.deleted, u.facts, u.name,
      CASE WHEN EXISTS (SELECT FROM repositories o WHERE o.full_name = u.full_name AND o.github_id <> u.github_id)
           THEN u.full_name || '~' || u.github_id ELSE u.full_name END,
      u.owner, u.description, u.language, u.default_branch, u.html_url, COALESCE(u.is_private, FALSE), COALESCE(u.archived, FALSE),
      COALESCE(u.stars, 0), COALESCE(u.forks, 0), u.source_updated_at, u.installation_at
    FROM u WHERE u.is_new
    ON CONFLICT (github_id) DO NOTHING
    RETURNING github_id, full_name
  ), changed AS (
    UPDATE repositories r
    SET version = r.version + 1, open_prs = u.open_prs, total_prs = u.total_prs,
        installation_id = CASE WHEN u.installation_id IS NOT NULL AND (r.installation_at IS NULL OR
               (u.installation_at, u.installation_id) > (r.installation_at, COALESCE(r.installation_id, 9223372036854775807)))
          THEN u.installation_id ELSE r.installation_id END,
        installation_at = CASE WHEN u.installation_id IS NOT NULL AND (r.installation_at IS NULL OR
               (u.installation_at, u.installation_id) > (r.installation_at, COALESCE(r.installation_id, 9223372036854775807)))
          THEN u.installation_at ELSE r.installation_at END,
        last_activity = u.last_activity,
        deleted = u.deleted, facts = u.facts, updated_at = now(), source_updated_at = u.source_updated_at,
        name = CASE WHEN u.has_columns THEN u.name ELSE r.name END,
        full_name = CASE WHEN NOT u.has_columns OR u.full_name = r.full_name THEN r.full_name
                         WHEN EXISTS (SELECT FROM repositories o WHERE o.full_name = u.full_name AND o.github_id <> u.github_id)
                         THEN u.full_name || '~' || u.github_id ELSE u.full_name END,
        owner = CASE WHEN u.has_columns THEN u.owner ELSE r.owner END,
        description = CASE WHEN u.has_columns THEN u.description ELSE r.description END,
        language = CASE WHEN u.has_columns THEN u.language ELSE r.language END,
        default_branch = CASE WHEN u.has_columns THEN u.default_branch ELSE r.default_branch END,
        html_url = CASE WHEN u.has_columns THEN u.html_url ELSE r.html_url END,
        is_private = CASE WHEN u.has_columns THEN COALESCE(u.is_private, FALSE) ELSE r.is_private END,
        archived = CASE WHEN u.has_columns THEN COALESCE(u.archived, FALSE) ELSE r.archived END,
        stars = CASE WHEN u.has_columns THEN COALESCE(u.stars, 0) ELSE r.stars END,
        forks = CASE WHEN u.has_columns THEN COALESCE(u.forks, 0) ELSE r.forks END
    FROM u
    WHERE r.github_id = u.github_id AND r.version = u.base_version AND NOT u.is_new
    RETURNING r.github_id, r.full_name
  ), written AS (
    SELECT * FROM added UNION ALL SELECT * FROM changed
  )
  SELECT github_id, full_name FROM written WHERE strpos(full_name, '~') > 0
  UNION ALL
  SELECT ingot_version_moved(u.github_id), NULL FROM u WHERE u.github_id NOT IN (SELECT github_id FROM written)
)sql";

// Pull requests: those heard of for the first time are inserted. Of the others, the columns change when the newest snapshot is a
// new one, counts and files when it carries them; `processed` goes to FALSE only when a reader can see a change (law 7).
constexpr auto write_pull_requests = R"sql(
  WITH u AS (
    SELECT r.id AS repo_id, t.* FROM unnest($1::int8[], $2::int4[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                  $11::text[], $12::text[], $13::text[], $14::text[], $15::bool[], $16::text[], $17::bool[], $18::timestamptz[],
                  $19::timestamptz[], $20::int4[], $21::int4[], $22::int4[], $23::int4[], $24::text[], $25::text[], $26::text[], $27::bool[],
                  $28::timestamptz[], $29::text[], $30::bool[])
    AS t (repository_id, number, has_columns, title, description, author, avatar, sha, head_ref, base_ref, url, labels, assignees,
          reviewers, is_draft, state, merged, merged_at, closed_at, additions, deletions, changed_files, commits, files, commit_urls,
          history, visible, source_updated_at, facts, is_new)
    JOIN repositories r ON r.github_id = t.repository_id
  ), added AS (
    INSERT INTO pull_requests (repo_id, pr_number, title, description, author, author_avatar, commit_sha, branch_name, base_branch, pr_url,
      labels, assignees, reviewers, is_draft, state, merged, merged_at, closed_at, additions, deletions, changed_files, commits_count,
      files_changed, commit_urls, history, processed, source_updated_at, facts)
    SELECT u.repo_id, u.number, u.title, u.description, u.author, u.avatar, u.sha, u.head_ref, u.base_ref, u.url,
      u.labels::jsonb, u.assignees::jsonb, u.reviewers::jsonb, u.is_draft, u.state, u.merged, u.merged_at, u.closed_at,
      COALESCE(u.additions, 0), COALESCE(u.deletions, 0), COALESCE(u.changed_files, 0), COALESCE(u.commits, 0),
      ARRAY(SELECT jsonb_array_elements(u.files::jsonb)), ARRAY(SELECT jsonb_array_elements(u.commit_urls::jsonb)),
      u.history::jsonb, FALSE, u.source_updated_at, u.facts
    FROM u WHERE u.is_new
  )
  UPDATE pull_requests p SET
    title = CASE WHEN u.has_columns THEN u.title ELSE p.title END,
    description = CASE WHEN u.has_columns THEN u.description ELSE p.description END,
    author = CASE WHEN u.has_columns THEN u.author ELSE p.author END,
    author_avatar = CASE WHEN u.has_columns THEN u.avatar ELSE p.author_avatar END,
    commit_sha = CASE WHEN u.has_columns THEN u.sha ELSE p.commit_sha END,
    branch_name = CASE WHEN u.has_columns THEN u.head_ref ELSE p.branch_name END,
    base_branch = CASE WHEN u.has_columns THEN u.base_ref ELSE p.base_branch END,
    pr_url = CASE WHEN u.has_columns THEN u.url ELSE p.pr_url END,
    labels = CASE WHEN u.has_columns THEN u.labels::jsonb ELSE p.labels END,
    assignees = CASE WHEN u.has_columns THEN u.assignees::jsonb ELSE p.assignees END,
    reviewers = CASE WHEN u.has_columns THEN u.reviewers::jsonb ELSE p.reviewers END,
    is_draft = CASE WHEN u.has_columns THEN u.is_draft ELSE p.is_draft END,
    state = u.state, merged = u.merged, merged_at = u.merged_at, closed_at = u.closed_at,
    additions = COALESCE(u.additions, p.additions), deletions = COALESCE(u.deletions, p.deletions),
    changed_files = COALESCE(u.changed_files, p.changed_files), commits_count = COALESCE(u.commits, p.commits_count),
    files_changed = CASE WHEN u.files IS NULL THEN p.files_changed ELSE ARRAY(SELECT jsonb_array_elements(u.files::jsonb)) END,
    commit_urls = ARRAY(SELECT jsonb_array_elements(u.commit_urls::jsonb)),
    history = u.history::jsonb,
    processed = p.processed AND NOT u.visible,
    updated_at = CASE WHEN u.visible THEN now() ELSE p.updated_at END,
    source_updated_at = u.source_updated_at, facts = u.facts
  FROM u
  WHERE p.repo_id = u.repo_id AND p.pr_number = u.number AND NOT u.is_new
)sql";

// Pipelines, perhaps ahead of their pull requests; as above.
constexpr auto write_pipelines = R"sql(
  WITH u AS (
    SELECT r.id AS repo_id, t.* FROM unnest($1::int8[], $2::int4[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                  $11::text[], $12::text[], $13::bool[], $14::timestamptz[], $15::text[], $16::bool[])
    AS t (repository_id, number, has_columns, sha, author, avatar, title, status_pr, status_build, status_approval, status_merge,
          history, visible, source_updated_at, facts, is_new)
    JOIN repositories r ON r.github_id = t.repository_id
  ), added AS (
    INSERT INTO pipeline_runs (repo_id, pr_number, commit_sha, author, avatar_url, title, status_pr, status_build, status_approval,
      status_merge, history, processed, source_updated_at, facts)
    SELECT u.repo_id, u.number, u.sha, u.author, u.avatar, u.title, u.status_pr, u.status_build, u.status_approval, u.status_merge,
      u.history::jsonb, FALSE, u.source_updated_at, u.facts
    FROM u WHERE u.is_new
  )
  UPDATE pipeline_runs p SET
    commit_sha = u.sha,
    author = CASE WHEN u.has_columns THEN u.author ELSE p.author END,
    avatar_url = CASE WHEN u.has_columns THEN u.avatar ELSE p.avatar_url END,
    title = CASE WHEN u.has_columns THEN u.title ELSE p.title END,
    status_pr = u.status_pr, status_build = u.status_build, status_approval = u.status_approval, status_merge = u.status_merge,
    history = u.history::jsonb,
    processed = p.processed AND NOT u.visible,
    updated_at = CASE WHEN u.visible THEN now() ELSE p.updated_at END,
    source_updated_at = u.source_updated_at, facts = u.facts
  FROM u
  WHERE p.repo_id = u.repo_id AND p.pr_number = u.number AND NOT u.is_new
)sql";

// Whose head a commit was, and its builds (guarded by the repository's version like all the rest).
constexpr auto write_commits = R"sql(
  INSERT INTO commits (repository_id, sha, facts)
  SELECT * FROM unnest($1::int8[], $2::text[], $3::text[])
  ON CONFLICT (repository_id, sha) DO UPDATE SET facts = excluded.facts, updated_at = now()
)sql";

// Installations: each row is the greatest of what was said of it, by time, then by content: an unsuspension has the time of the
// suspension that it ends (GitHub's examples). Deleted is final, since GitHub never uses an id again.
constexpr auto write_installations_sql = R"sql(
  INSERT INTO installations AS i (installation_id, account, account_id, account_type, app_id, repository_selection, suspended, deleted,
                                  source_updated_at)
  SELECT DISTINCT ON (u.id) u.id, u.account, u.account_id, u.account_type, u.app_id, u.selection, u.suspended,
    bool_or(u.deleted) OVER (PARTITION BY u.id), u.at
  FROM unnest($1::int8[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::text[], $7::bool[], $8::bool[], $9::timestamptz[])
    AS u (id, account, account_id, account_type, app_id, selection, suspended, deleted, at)
  ORDER BY u.id, u.at DESC, u.suspended, u.account DESC, u.selection DESC
  ON CONFLICT (installation_id) DO UPDATE SET
    (account, account_id, account_type, app_id, repository_selection, suspended, source_updated_at) =
      (SELECT n.account, n.account_id, n.account_type, n.app_id, n.selection, n.suspended, n.at
       FROM (VALUES (excluded.account, excluded.account_id, excluded.account_type, excluded.app_id, excluded.repository_selection,
                     excluded.suspended, excluded.source_updated_at),
                    (i.account, i.account_id, i.account_type, i.app_id, i.repository_selection, i.suspended, i.source_updated_at))
         AS n (account, account_id, account_type, app_id, selection, suspended, at)
       ORDER BY n.at DESC, n.suspended, n.account DESC, n.selection DESC LIMIT 1),
    deleted = i.deleted OR excluded.deleted, updated_at = now()
)sql";

// Repositories that an installation may see, or no longer. The greatest time counts; where times tie a removal does, because a
// repository that was added again says so at its next event. One that is known by a snapshot keeps its columns: a mention is
// none.
constexpr auto mention_repositories = R"sql(
  INSERT INTO repositories AS r (github_id, name, full_name, owner, is_private, installation_id, installation_at)
  SELECT DISTINCT ON (u.github_id) u.github_id, u.name,
    CASE WHEN EXISTS (SELECT FROM repositories o WHERE o.full_name = u.full_name AND o.github_id <> u.github_id)
         THEN u.full_name || '~' || u.github_id ELSE u.full_name END,
    u.owner, COALESCE(u.is_private, FALSE), CASE WHEN NOT u.removed THEN u.installation_id END, u.at
  FROM unnest($1::int8[], $2::timestamptz[], $3::bool[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::bool[])
    AS u (installation_id, at, removed, github_id, name, full_name, owner, is_private)
  ORDER BY u.github_id, u.at DESC, u.removed DESC, u.installation_id DESC
  ON CONFLICT (github_id) DO UPDATE SET
    name = CASE WHEN r.facts = '' THEN excluded.name ELSE r.name END,
    full_name = CASE WHEN r.facts = '' THEN excluded.full_name ELSE r.full_name END,
    owner = CASE WHEN r.facts = '' THEN excluded.owner ELSE r.owner END,
    is_private = CASE WHEN r.facts = '' THEN excluded.is_private ELSE r.is_private END,
    installation_id = excluded.installation_id, installation_at = excluded.installation_at, updated_at = now()
  WHERE r.installation_at IS NULL
     OR (excluded.installation_at, COALESCE(excluded.installation_id, 9223372036854775807)) >
        (r.installation_at, COALESCE(r.installation_id, 9223372036854775807))
)sql";

// Whoever follows a repository whose names or flags have changed, or that is no more. One that has become private is not seen by
// users who have no credential of their own for it, whatever the node's token sees.
constexpr auto tell_followers_of_repositories = R"sql(
  WITH u AS (
    SELECT p.id, r.owner, r.name, COALESCE(r.default_branch, p.default_branch) AS default_branch, r.is_private, r.archived,
           r.deleted, r.is_private AND p.credential_id IS NULL AND p.user_id <> '' AS hidden
    FROM repositories r JOIN provider_repositories p ON p.external_id = r.github_id AND p.provider = 'github' AND p.state <> 'removed'
    WHERE r.github_id = ANY($1::int8[])
    ORDER BY p.id FOR UPDATE OF p
  )
  UPDATE provider_repositories p SET owner = u.owner, name = u.name, default_branch = u.default_branch, is_private = u.is_private,
    archived = u.archived, next_check_at = now(), updated_at = now(),
    state = CASE WHEN u.deleted THEN 'gone' WHEN u.hidden THEN 'forbidden'
                 WHEN p.state = 'forbidden' AND p.state_reason = 'it has become private' THEN 'active' ELSE p.state END,
    state_reason = CASE WHEN u.deleted THEN 'it was deleted' WHEN u.hidden THEN 'it has become private'
                        WHEN p.state = 'forbidden' AND p.state_reason = 'it has become private' THEN NULL ELSE p.state_reason END
  FROM u WHERE p.id = u.id
)sql";

// A decision is written whatever version the row has by now.
constexpr auto without_fencing = std::to_array<statement_switch>({
    {"write_repositories", "r.version = u.base_version AND", ""},
});

constexpr auto statements = std::to_array<named_statement>({
    {"lock_repositories", lock_repositories_sql},
    {"load_repositories", load_repositories},
    {"load_pull_requests", load_pull_requests},
    {"load_commits", load_commits},
    {"release_names", release_names},
    {"write_repositories", write_repositories},
    {"write_pull_requests", write_pull_requests},
    {"write_pipelines", write_pipelines},
    {"write_commits", write_commits},
    {"write_installations", write_installations_sql},
    {"mention_repositories", mention_repositories},
    {"tell_followers_of_repositories", tell_followers_of_repositories},
});

} // namespace

std::span<const named_statement> github_statements() {
  return switched(statements, test_switch::fencing, without_fencing);
}

} // namespace ingot::storage
