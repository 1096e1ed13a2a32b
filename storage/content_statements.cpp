#include "storage/content_statements.hpp"

#include <array>

namespace ingot::storage {

namespace {

// The files of the revision that is being synced, and what it changes; of this session alone.
constexpr auto make_listing_sql = R"sql(
  CREATE TEMP TABLE listing (
    path text COLLATE "C" NOT NULL, sha text COLLATE "C" NOT NULL, mode integer NOT NULL, size bigint NOT NULL, skipped text)
)sql";
constexpr auto make_differences_sql = R"sql(
  CREATE TEMP TABLE differences (
    path text COLLATE "C" NOT NULL, change text NOT NULL, sha text COLLATE "C", previous_sha text COLLATE "C", mode integer,
    previous_mode integer, size bigint, skipped text, previously_skipped text)
)sql";
constexpr auto make_reference_moves_sql = R"sql(
  CREATE TEMP TABLE reference_moves (sha text COLLATE "C" PRIMARY KEY, by bigint NOT NULL)
)sql";

// A repository, as a sync needs it.
constexpr auto load_repository_sql = R"sql(
  SELECT id, provider, owner, name, url, COALESCE(external_id, 0), COALESCE(branch, ''), COALESCE(credential_id, 0),
         COALESCE(last_commit_sha, ''), COALESCE(last_tree_sha, ''), COALESCE(last_branch, ''), COALESCE(etag, ''),
         COALESCE(default_branch, ''), array_to_string(include_patterns, chr(10)), array_to_string(exclude_patterns, chr(10)),
         COALESCE(file_bytes_max, -1), skip_binary, filters, complete, state, user_id,
         COALESCE(to_char(last_push_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''),
         manifests AND provider = 'github', array_to_string(manifest_paths, chr(10)), manifests_seen
  FROM provider_repositories WHERE id = $1::text::int8
)sql";

// Another order of the same key that waits.
constexpr auto has_newer_order_sql = R"sql(
  SELECT EXISTS (SELECT FROM jobs WHERE key = $1 AND state = 'pending' AND id > $2::text::int8)
)sql";

// An earlier attempt of the same job has its record.
constexpr auto begin_sync_sql = R"sql(
  WITH again AS (
    UPDATE content_syncs SET commit_sha = $6, tree_sha = $7, branch = $5, state = 'running', error = NULL, finished_at = NULL
    WHERE id = (SELECT max(id) FROM content_syncs WHERE repository_id = $1::text::int8 AND job_id = $2::text::int8 AND state <> 'succeeded')
    RETURNING id
  ), made AS (
    INSERT INTO content_syncs (repository_id, job_id, trigger, before_sha, branch, commit_sha, tree_sha)
    SELECT $1::text::int8, $2::text::int8, $3, NULLIF($4, ''), $5, $6, $7 WHERE NOT EXISTS (SELECT FROM again) RETURNING id
  )
  SELECT id FROM again UNION ALL SELECT id FROM made
)sql";

constexpr auto next_blob_key_sql = "SELECT nextval('content_blob_keys')";

constexpr auto empty_listing_sql = "TRUNCATE listing";

constexpr auto add_listing_sql = R"sql(
  INSERT INTO listing (path, sha, mode, size, skipped)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int4[], $4::int8[], $5::text[])
)sql";

// What the planner must know of the listing before it is compared.
constexpr auto weigh_listing_sql = "ANALYZE listing";

// A content that is known to be binary is not asked for when binary files are not wanted: by its row, or because the same file
// was skipped before for it.
constexpr auto skip_known_binary_sql = R"sql(
  UPDATE listing l SET skipped = 'binary' WHERE l.skipped IS NULL AND (
    EXISTS (SELECT FROM content_blobs b WHERE b.sha = l.sha AND b.is_binary)
    OR EXISTS (SELECT FROM repository_files f
               WHERE f.repository_id = $1::text::int8 AND f.path = l.path AND f.sha = l.sha AND f.skipped = 'binary'))
)sql";

constexpr auto missing_blobs_sql = R"sql(
  SELECT DISTINCT ON (l.sha) l.sha, l.size, l.path FROM listing l
  WHERE l.skipped IS NULL AND NOT EXISTS (SELECT FROM content_blobs b WHERE b.sha = l.sha)
  ORDER BY l.sha, l.path
)sql";

constexpr auto skip_files_sql = R"sql(
  UPDATE listing SET skipped = $2 WHERE sha = ANY($1::text[]) AND skipped IS NULL
)sql";

// Contents that lie in the store. Nobody refers to them yet: should that never happen, the sweep takes them. In the order of ids,
// so that two syncs do not deadlock. Those that another sync has stored first are told: their second objects are not needed.
constexpr auto keep_blobs_sql = R"sql(
  WITH u AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::int8[])
      AS t (sha, size, key, mime_type, language, is_binary, lfs_oid, lfs_size)
  ), kept AS (
    INSERT INTO content_blobs (sha, size, key, mime_type, language, is_binary, lfs_oid, lfs_size)
    SELECT * FROM u ORDER BY u.sha COLLATE "C"
    ON CONFLICT (sha) DO NOTHING
    RETURNING key
  )
  SELECT u.key FROM u WHERE u.key COLLATE "C" NOT IN (SELECT key FROM kept)
)sql";

constexpr auto note_progress_sql = R"sql(
  UPDATE content_syncs SET requests = $2::text::int8, not_modified = $3::text::int8, points = $4::text::int8, bytes = $5::text::int8, plan = $6,
                           blobs_wanted = $7::text::int8, blobs_stored = $8::text::int8
  WHERE id = $1::text::int8
)sql";

// Keeps whoever changes the repository's settings, or the sweep of a removed one, behind this transaction.
constexpr auto hold_repository_sql = R"sql(
  SELECT state FROM provider_repositories WHERE id = $1::text::int8 FOR NO KEY UPDATE
)sql";

constexpr auto empty_differences_sql = "TRUNCATE differences, reference_moves";

// The listing against the files that are stored.
constexpr auto find_differences_sql = R"sql(
  INSERT INTO differences
  SELECT COALESCE(l.path, f.path), CASE WHEN f.path IS NULL THEN 'added' WHEN l.path IS NULL THEN 'removed' ELSE 'modified' END,
         l.sha, f.sha, l.mode, f.mode, l.size, l.skipped, f.skipped
  FROM listing l FULL JOIN (SELECT path, sha, mode, skipped FROM repository_files WHERE repository_id = $1::text::int8) f
    ON f.path = l.path
  WHERE l.path IS NULL OR f.path IS NULL OR l.sha <> f.sha OR l.mode <> f.mode OR l.skipped IS DISTINCT FROM f.skipped
)sql";

// By how many files more or fewer each content is referred to.
constexpr auto find_reference_moves_sql = R"sql(
  INSERT INTO reference_moves
  SELECT sha, sum(by) FROM (
    SELECT sha, 1 AS by FROM differences WHERE change <> 'removed' AND skipped IS NULL
    UNION ALL
    SELECT previous_sha, -1 FROM differences WHERE change <> 'added' AND previously_skipped IS NULL) x
  GROUP BY sha
)sql";

// Contents are locked in the order of their ids. One that the sweep took in between is missed: it must be fetched again.
constexpr auto lock_blobs_sql = R"sql(
  WITH held AS MATERIALIZED (
    SELECT b.sha FROM content_blobs b WHERE b.sha IN (SELECT sha FROM reference_moves) ORDER BY b.sha FOR UPDATE
  )
  SELECT count(*) FROM reference_moves m WHERE m.by >= 0 AND NOT EXISTS (SELECT FROM held h WHERE h.sha = m.sha)
)sql";

constexpr auto move_references_sql = R"sql(
  UPDATE content_blobs b SET refs = b.refs + m.by,
    unreferenced_at = CASE WHEN b.refs + m.by > 0 THEN NULL WHEN b.refs > 0 THEN now() ELSE b.unreferenced_at END
  FROM reference_moves m WHERE m.sha = b.sha AND m.by <> 0
)sql";

constexpr auto write_changes_sql = R"sql(
  INSERT INTO content_changes (sync_id, ordinal, repository_id, path, change, sha, previous_sha, mode, previous_mode)
  SELECT $2::text::int8, row_number() OVER (ORDER BY path), $1::text::int8, path, change, sha, previous_sha, mode, previous_mode
  FROM differences
)sql";

constexpr auto remove_files_sql = R"sql(
  DELETE FROM repository_files f USING differences d
  WHERE f.repository_id = $1::text::int8 AND f.path = d.path AND d.change = 'removed'
)sql";

constexpr auto write_files_sql = R"sql(
  INSERT INTO repository_files (repository_id, path, sha, mode, size, skipped, sync_id)
  SELECT $1::text::int8, path, sha, mode, size, skipped, $2::text::int8 FROM differences WHERE change <> 'removed'
  ON CONFLICT (repository_id, path) DO UPDATE SET
    sha = excluded.sha, mode = excluded.mode, size = excluded.size, skipped = excluded.skipped, sync_id = excluded.sync_id
)sql";

// What the sync came to, for its record.
constexpr auto count_differences_sql = R"sql(
  SELECT (SELECT count(*) FROM differences WHERE change = 'added'), (SELECT count(*) FROM differences WHERE change = 'modified'),
         (SELECT count(*) FROM differences WHERE change = 'removed'),
         (SELECT count(*) FROM listing WHERE skipped IS NOT NULL)
)sql";

// The repository as it is now. A file that could not be had makes it incomplete; the other reasons to skip one are rules.
constexpr auto finish_repository_sql = R"sql(
  UPDATE provider_repositories r SET
    last_synced_at = now(), last_commit_sha = NULLIF($2, ''), last_tree_sha = NULLIF($3, ''), last_branch = NULLIF($4, ''),
    etag = NULLIF($5, ''), filters = $6::text::int8, next_check_at = now() + $7::text::int8 * interval '1 millisecond',
    retry_count = 0, next_retry_at = NULL, rate_limit_reset_at = NULL, last_error = NULL,
    state = CASE WHEN r.state IN ('gone', 'forbidden') THEN 'active' ELSE r.state END,
    state_reason = CASE WHEN r.state IN ('gone', 'forbidden') THEN NULL ELSE r.state_reason END,
    complete = NOT EXISTS (SELECT FROM listing WHERE skipped = 'unavailable'),
    last_push_at = GREATEST(r.last_push_at, NULLIF($8, '')::timestamptz),
    files = (SELECT count(*) FROM listing), bytes = (SELECT COALESCE(sum(size), 0) FROM listing WHERE skipped IS NULL),
    version = r.version + EXISTS (SELECT FROM differences)::int, updated_at = now()
  WHERE id = $1::text::int8
)sql";

// Manifests and READMEs of the revision that is stored now.
constexpr auto note_manifests_sql = R"sql(
  UPDATE provider_repositories SET manifests_seen = $2::text::int8 WHERE id = $1::text::int8
)sql";

constexpr auto describe_repository_sql = R"sql(
  UPDATE provider_repositories SET external_id = COALESCE(NULLIF($2::text::int8, 0), external_id), owner = $3, name = $4,
    default_branch = NULLIF($5, ''), is_private = $6::text::bool, archived = $7::text::bool, updated_at = now()
  WHERE id = $1::text::int8 AND (COALESCE(external_id, 0), owner, name, COALESCE(default_branch, ''), is_private, archived)
    IS DISTINCT FROM (COALESCE(NULLIF($2::text::int8, 0), external_id, 0), $3, $4, $5, $6::text::bool, $7::text::bool)
)sql";

constexpr auto finish_sync_sql = R"sql(
  UPDATE content_syncs SET state = 'succeeded', finished_at = now(), requests = $2::text::int8, not_modified = $3::text::int8,
    points = $4::text::int8, bytes = $5::text::int8, plan = $6, added = $7::text::int8, modified = $8::text::int8, removed = $9::text::int8,
    skipped = $10::text::int8, error = NULL,
    complete = NOT EXISTS (SELECT FROM listing WHERE skipped = 'unavailable')
  WHERE id = $1::text::int8
)sql";

// The place in the feed is taken last, since the next sync that changed something waits for this one's COMMIT then.
constexpr auto place_in_feed_sql = R"sql(
  WITH next AS (UPDATE content_feed SET last = last + 1 RETURNING last)
  UPDATE content_syncs s SET feed = n.last FROM next n WHERE s.id = $1::text::int8
)sql";

// Void when a sync came in between.
constexpr auto note_current_sql = R"sql(
  UPDATE provider_repositories r SET last_synced_at = now(), etag = NULLIF(u.etag, ''),
    last_push_at = GREATEST(r.last_push_at, NULLIF(u.push_at, '')::timestamptz),
    next_check_at = now() + ($4::int8[])[1] * interval '1 millisecond', retry_count = 0, next_retry_at = NULL,
    rate_limit_reset_at = NULL, last_error = NULL,
    state = CASE WHEN r.state IN ('gone', 'forbidden') THEN 'active' ELSE r.state END,
    state_reason = CASE WHEN r.state IN ('gone', 'forbidden') THEN NULL ELSE r.state_reason END
  FROM unnest($1::int8[], $2::text[], $3::text[], $5::text[]) AS u (id, commit, etag, push_at)
  WHERE r.id = u.id AND COALESCE(r.last_commit_sha, '') = u.commit
)sql";

// The pause doubles with every failure in a row, from a minute up to the hour; or until GitHub's own time.
constexpr auto note_repository_failure_sql = R"sql(
  UPDATE provider_repositories SET last_error = $2, retry_count = retry_count + 1, rate_limit_reset_at = NULLIF($3, '')::timestamptz,
    next_retry_at = COALESCE(NULLIF($3, '')::timestamptz, now() + LEAST(60, 2 ^ LEAST(retry_count, 10)) * interval '1 minute'),
    updated_at = now()
  WHERE id = $1::text::int8
)sql";

constexpr auto note_sync_failure_sql = R"sql(
  UPDATE content_syncs SET state = 'failed', error = $2, finished_at = now(), requests = requests + $3::text::int8,
    points = points + $4::text::int8, bytes = bytes + $5::text::int8
  WHERE id = $1::text::int8 AND state = 'running'
)sql";

constexpr auto set_state_sql = R"sql(
  UPDATE provider_repositories SET state = $2, state_reason = NULLIF($3, ''), updated_at = now()
  WHERE id = $1::text::int8 AND state IN ('active', 'gone', 'forbidden')
)sql";

// Repositories whose turn it is: the longest due ones first, and not before their pauses are over; of those that are gone or
// forbidden, once a day: what was wrong may be mended by now.
constexpr auto take_due_sql = R"sql(
  WITH due AS MATERIALIZED (
    SELECT id FROM provider_repositories
    WHERE state IN ('active', 'gone', 'forbidden') AND next_check_at <= now() AND COALESCE(next_retry_at, now()) <= now()
    ORDER BY next_check_at LIMIT $1::text::int8 FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE provider_repositories r
  SET next_check_at = now() + $2::text::int8 * CASE r.state WHEN 'active' THEN 1 ELSE 24 END * interval '1 millisecond'
  FROM due d WHERE r.id = d.id RETURNING r.id
)sql";

constexpr auto session = std::to_array<named_statement>({
    {"make_listing", make_listing_sql},
    {"make_differences", make_differences_sql},
    {"make_reference_moves", make_reference_moves_sql},
});

constexpr auto statements = std::to_array<named_statement>({
    {"load_repository", load_repository_sql},
    {"has_newer_order", has_newer_order_sql},
    {"begin_sync", begin_sync_sql},
    {"next_blob_key", next_blob_key_sql},
    {"empty_listing", empty_listing_sql},
    {"add_listing", add_listing_sql},
    {"weigh_listing", weigh_listing_sql},
    {"skip_known_binary", skip_known_binary_sql},
    {"missing_blobs", missing_blobs_sql},
    {"skip_files", skip_files_sql},
    {"keep_blobs", keep_blobs_sql},
    {"note_progress", note_progress_sql},
    {"hold_repository", hold_repository_sql},
    {"empty_differences", empty_differences_sql},
    {"find_differences", find_differences_sql},
    {"find_reference_moves", find_reference_moves_sql},
    {"lock_blobs", lock_blobs_sql},
    {"move_references", move_references_sql},
    {"write_changes", write_changes_sql},
    {"remove_files", remove_files_sql},
    {"write_files", write_files_sql},
    {"count_differences", count_differences_sql},
    {"finish_repository", finish_repository_sql},
    {"note_manifests", note_manifests_sql},
    {"describe_repository", describe_repository_sql},
    {"finish_sync", finish_sync_sql},
    {"place_in_feed", place_in_feed_sql},
    {"note_current", note_current_sql},
    {"note_repository_failure", note_repository_failure_sql},
    {"note_sync_failure", note_sync_failure_sql},
    {"set_state", set_state_sql},
});

constexpr auto fallback_statements = std::to_array<named_statement>({
    {"take_due", take_due_sql},
});

} // namespace

std::span<const named_statement> content_session_statements() {
  return session;
}

std::span<const named_statement> content_statements() {
  return statements;
}

std::span<const named_statement> content_fallback_statements() {
  return fallback_statements;
}

} // namespace ingot::storage
