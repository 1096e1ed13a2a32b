#include "storage/content_sweep.hpp"

#include "model/json_object.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"
#include "storage/pipeline.hpp"

namespace ingot::storage {

namespace {

// One that another sweep has in hand is passed over; a sync that is about to commit is waited for by the next statement's locks.
constexpr auto take_removed_sql = R"sql(
  SELECT id FROM provider_repositories WHERE state = 'removed' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)sql";

// Files go with their references. Contents are locked in the order of their ids, as syncs lock them.
constexpr auto remove_files_sql = R"sql(
  WITH gone AS (
    DELETE FROM repository_files
    WHERE repository_id = $1
      AND path IN (SELECT path FROM repository_files WHERE repository_id = $1 ORDER BY path LIMIT $2)
    RETURNING sha, skipped
  ), fewer AS (
    SELECT sha, count(*) AS by FROM gone WHERE skipped IS NULL GROUP BY sha
  ), held AS MATERIALIZED (
    SELECT b.sha, f.by FROM content_blobs b JOIN fewer f ON f.sha = b.sha ORDER BY b.sha FOR UPDATE OF b
  ), moved AS (
    UPDATE content_blobs b SET refs = b.refs - h.by, unreferenced_at = CASE WHEN b.refs > h.by THEN NULL ELSE now() END
    FROM held h WHERE b.sha = h.sha
  )
  SELECT count(*) FROM gone
)sql";

// The same of its LFS objects.
constexpr auto remove_objects_sql = R"sql(
  WITH gone AS (
    DELETE FROM repository_lfs_objects
    WHERE repository_id = $1 AND oid IN (SELECT oid FROM repository_lfs_objects WHERE repository_id = $1 ORDER BY oid LIMIT $2)
    RETURNING sha
  ), fewer AS (
    SELECT sha, count(*) AS by FROM gone GROUP BY sha
  ), held AS MATERIALIZED (
    SELECT b.sha, f.by FROM content_blobs b JOIN fewer f ON f.sha = b.sha ORDER BY b.sha FOR UPDATE OF b
  ), moved AS (
    UPDATE content_blobs b SET refs = b.refs - h.by, unreferenced_at = CASE WHEN b.refs > h.by THEN NULL ELSE now() END
    FROM held h WHERE b.sha = h.sha
  )
  SELECT count(*) FROM gone
)sql";

constexpr auto remove_repository_sql = "DELETE FROM provider_repositories WHERE id = $1 AND state = 'removed'";

// A content that a sync has in hand is passed over; one that it refers to again meanwhile is looked at again once its row is
// locked.
constexpr auto sweep_unreferenced_sql = R"sql(
  WITH dead AS MATERIALIZED (
    SELECT sha FROM content_blobs
    WHERE refs = 0 AND unreferenced_at <= now() - $1::int8 * interval '1 millisecond'
    ORDER BY unreferenced_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM content_blobs b USING dead d WHERE b.sha = d.sha RETURNING b.key
  ), kept AS (
    INSERT INTO content_garbage (key) SELECT key FROM gone ON CONFLICT (key) DO NOTHING
  )
  SELECT count(*) FROM gone
)sql";

constexpr auto list_garbage_sql = "SELECT key FROM content_garbage ORDER BY at, key LIMIT $1";

constexpr auto forget_garbage_sql = "DELETE FROM content_garbage WHERE key = ANY($1::text[])";

// A key begins with its content's id.
constexpr auto unknown_keys_sql = R"sql(
  SELECT u.key FROM unnest($1::text[]) AS u (key)
  WHERE NOT EXISTS (SELECT FROM content_blobs b WHERE b.sha = split_part(u.key, '.', 1) AND b.key = u.key)
    AND NOT EXISTS (SELECT FROM content_garbage g WHERE g.key = u.key)
)sql";

// Changes first, so that no sync of a million of them makes one long transaction; then the syncs that have none left. The newest
// sync of a repository tells how it stands, and stays.
constexpr auto sweep_syncs_sql = R"sql(
  WITH old AS MATERIALIZED (
    SELECT s.id FROM content_syncs s
    WHERE s.finished_at < now() - $1::int8 * interval '1 day'
      AND (EXISTS (SELECT FROM content_syncs n WHERE n.repository_id = s.repository_id AND n.id > s.id)
           OR NOT EXISTS (SELECT FROM provider_repositories r WHERE r.id = s.repository_id))
    ORDER BY s.finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), changes AS (
    DELETE FROM content_changes c
    USING (SELECT c.sync_id, c.ordinal FROM content_changes c JOIN old o ON o.id = c.sync_id LIMIT $2) x
    WHERE c.sync_id = x.sync_id AND c.ordinal = x.ordinal
    RETURNING c.sync_id
  ), syncs AS (
    DELETE FROM content_syncs s USING old o
    WHERE s.id = o.id AND (SELECT count(*) FROM changes) < $2
    RETURNING s.id
  )
  SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM syncs)
)sql";

text_array array_of(const std::vector<std::string>& keys) {
  auto out = text_array{};
  for (const auto& x : keys)
    out.add(x);
  return out;
}

std::vector<std::string> keys_of(const pqxx::result& rows) {
  auto out = std::vector<std::string>{};
  for (const auto& row : rows)
    out.emplace_back(pgx::text(row[0]));
  return out;
}

} // namespace

swept_files sweep_removed_repository(connection& db, std::size_t limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto found = pgx::query(tx, take_removed_sql);
  if (found.empty())
    return {};
  const auto id = found[0][0].as<std::int64_t>();
  const auto files = pgx::query(tx, remove_files_sql, id, limit)[0][0].as<std::size_t>();
  if (files < limit && pgx::query(tx, remove_objects_sql, id, limit)[0][0].as<std::size_t>() < limit)
    pgx::query(tx, remove_repository_sql, id);
  tx.commit();
  return {files, true};
}

std::size_t sweep_unreferenced(connection& db, milliseconds grace, std::size_t limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto count = pgx::query(tx, sweep_unreferenced_sql, grace.count(), limit)[0][0].as<std::size_t>();
  tx.commit();
  return count;
}

std::vector<std::string> list_garbage(connection& db, std::size_t limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  return keys_of(pgx::query(tx, list_garbage_sql, limit));
}

void forget_garbage(connection& db, const std::vector<std::string>& keys) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto all = array_of(keys);
  pgx::query(tx, forget_garbage_sql, all.parameter());
  tx.commit();
}

std::vector<std::string> unknown_keys(connection& db, const std::vector<std::string>& keys) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto all = array_of(keys);
  return keys_of(pgx::query(tx, unknown_keys_sql, all.parameter()));
}

std::size_t sweep_syncs(connection& db, unsigned days, std::size_t limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto counts = pgx::query(tx, sweep_syncs_sql, days, limit);
  const auto changes = counts[0][0].as<std::size_t>(), syncs = counts[0][1].as<std::size_t>();
  tx.commit();
  return changes + syncs;
}

std::size_t enqueue_blob_sweep(const std::string& url, const database_settings& settings, std::string_view period, bool orphans) {
  auto job = new_job{};
  job.kind = job.key = blob_sweep_kind;
  job.dedupe_key = job.key + (orphans ? "/orphans@" : "@") + std::string{period};
  job.payload = json_object{}.add("orphans", orphans).text();
  job.priority = job_priority_max;
  auto db = pipeline{url, settings, job_statements()};
  const auto limit = db.within_statement_timeout();
  enqueue_jobs(db, {&job, 1});
  db.run(); // a transaction of its own
  return 1;
}

} // namespace ingot::storage
