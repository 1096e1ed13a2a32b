#include "storage/module_releases.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

// Waits until nobody inserts module_versions, and holds off who would.
constexpr auto lock_versions = "SELECT ingot_lock_releases()";

// The project, when something of it is new.
constexpr auto write_project = R"sql(
  INSERT INTO drupal_projects AS p (project, title, status, supported_branches, updated_at)
  SELECT $1, $2, $3, $4::text[], $5::timestamptz
  WHERE NOT EXISTS (SELECT FROM drupal_projects known
                    WHERE known.project = $1 AND known.title = $2 AND known.status = $3 AND known.supported_branches = $4::text[]
                      AND known.error IS NULL)
  ON CONFLICT (project) DO UPDATE
  SET title = excluded.title, status = excluded.status, supported_branches = excluded.supported_branches,
      error = NULL, updated_at = excluded.updated_at
)sql";

// How new the known releases are.
constexpr auto newest_release = R"sql(
  SELECT (extract(epoch FROM max(released_at)) * 1000000)::bigint FROM module_releases WHERE project = $1
)sql";

// The history came from elsewhere: the next request is unconditional.
constexpr auto forget_fetch = R"sql(
  UPDATE drupal_projects SET etag = NULL, last_modified = NULL
  WHERE project = $1 AND (etag IS NOT NULL OR last_modified IS NOT NULL)
)sql";

// How the history was fetched.
constexpr auto write_fetch = R"sql(
  UPDATE drupal_projects SET fetched_at = $2::timestamptz, etag = NULLIF($3, ''), last_modified = NULLIF($4, '') WHERE project = $1
)sql";

// The server has nothing newer.
constexpr auto mark_fetched = "UPDATE drupal_projects SET fetched_at = $2::timestamptz, error = NULL WHERE project = $1";

// Releases that the history does not have any more.
constexpr auto remove_releases = R"sql(
  DELETE FROM module_releases WHERE project = $1 AND version <> ALL ($2::text[])
)sql";

// Releases that are new or say something new.
constexpr auto write_releases = R"sql(
  INSERT INTO module_releases AS r (project, version, sort_key, branch, released_at, published, security, insecure, unsupported, release_link)
  SELECT $1, u.*
  FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[], $7::boolean[], $8::boolean[], $9::boolean[],
              $10::text[]) AS u (version, sort_key, branch, released_at, published, security, insecure, unsupported, release_link)
  EXCEPT
  SELECT project, version, sort_key, branch, released_at, published, security, insecure, unsupported, release_link
  FROM module_releases WHERE project = $1
  ON CONFLICT (project, version) DO UPDATE
  SET sort_key = excluded.sort_key, branch = excluded.branch, released_at = excluded.released_at, published = excluded.published,
      security = excluded.security, insecure = excluded.insecure, unsupported = excluded.unsupported,
      release_link = excluded.release_link
)sql";

// What the releases mean for the installed versions of the project's modules; only rows that change are written.
constexpr auto judge_versions = R"sql(
  UPDATE module_versions v
  SET needs_security_update = judged.needs, release_date = judged.released_at
  FROM (SELECT x.id, x.needs_security_update AS needed, r.released_at,
               ingot_needs_security_update(m.project, x.version, x.sort_key) AS needs
        FROM modules m
        JOIN module_versions x ON x.module_id = m.id
        LEFT JOIN module_releases r ON r.project = m.project AND r.version = x.version
        WHERE m.project = $1) judged
  WHERE v.id = judged.id
    AND (v.needs_security_update <> judged.needs OR v.release_date IS DISTINCT FROM judged.released_at)
  RETURNING judged.needed, judged.needs
)sql";

// What nodes have cached of the flags is old.
constexpr auto move_generation = "UPDATE security_generation SET value = value + 1";

struct release_arrays {
  text_array version, sort_key, branch, link;
  timestamptz_array released_at;
  bool_array published, security, insecure, unsupported;

  explicit release_arrays(const std::vector<drupal::release>& releases) {
    for (const auto& x : releases) {
      version.add(x.version);
      sort_key.add(x.sort_key);
      branch.add(x.branch);
      released_at.add(x.released_at);
      published.add(x.published);
      security.add(x.security);
      insecure.add(x.insecure);
      unsupported.add(x.unsupported);
      link.add(x.release_link.empty() ? std::nullopt : std::optional<std::string_view>{x.release_link});
    }
  }
};

void refuse_older(pqxx::work& tx, const drupal::release_history& history) {
  const auto rows = pgx::query(tx, newest_release, history.project);
  if (rows[0][0].is_null())
    return;
  const auto known = timestamp{std::chrono::microseconds{rows[0][0].as<std::int64_t>()}};
  auto newest = std::optional<timestamp>{};
  for (const auto& x : history.releases)
    newest = std::max(newest, x.released_at);
  if (!newest || *newest < known)
    throw older_history{"its newest release is " + (newest ? "of " + to_rfc3339(*newest) : std::string{"undated"}) +
                        ", and one of " + to_rfc3339(known) + " is known: the file is older than what it would replace"};
}

void write_rows(pqxx::work& tx, const drupal::release_history& history, timestamp at, releases_import& out) {
  auto branches = text_array{};
  for (const auto& x : history.supported_branches)
    branches.add(x);
  pgx::query(tx, write_project, history.project, history.title, history.status, branches.parameter(), to_rfc3339(at));
  auto rows = release_arrays{history.releases};
  out.releases_removed = pgx::query(tx, remove_releases, history.project, rows.version.parameter()).affected_rows();
  out.releases_written =
      pgx::query(tx, write_releases, history.project, rows.version.parameter(), rows.sort_key.parameter(),
                 rows.branch.parameter(), rows.released_at.parameter(), rows.published.parameter(), rows.security.parameter(),
                 rows.insecure.parameter(), rows.unsupported.parameter(), rows.link.parameter())
          .affected_rows();
}

void judge(pqxx::work& tx, const std::string& project, releases_import& out) {
  for (const auto& row : pgx::query(tx, judge_versions, project)) {
    const auto needed = row[0].as<bool>(), needs = row[1].as<bool>();
    ++out.versions_written;
    out.versions_flagged += needs && !needed ? 1u : 0u;
    out.versions_cleared += needed && !needs ? 1u : 0u;
  }
  if (out.versions_flagged + out.versions_cleared > 0)
    pgx::query(tx, move_generation);
}

} // namespace

releases_import import_releases(connection& db, const drupal::release_history& history, timestamp at,
                                const std::optional<release_fetch>& fetched, older_histories older, const job_lease* job) {
  const auto limit = connection::deadline{db};
  auto out = releases_import{};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, job);
  pgx::query(tx, lock_versions);
  if (!fetched && older == older_histories::refused)
    refuse_older(tx, history);
  write_rows(tx, history, at, out);
  if (fetched)
    pgx::query(tx, write_fetch, history.project, to_rfc3339(fetched->fetched_at), fetched->etag, fetched->last_modified);
  else
    pgx::query(tx, forget_fetch, history.project);
  // Even when no release moved: a module may have come to the project since.
  judge(tx, history.project, out);
  tx.commit();
  return out;
}

releases_import confirm_release_fetch(connection& db, const std::string& project, timestamp at, const job_lease* job) {
  const auto limit = connection::deadline{db};
  auto out = releases_import{};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, job);
  pgx::query(tx, lock_versions);
  pgx::query(tx, mark_fetched, project, to_rfc3339(at));
  judge(tx, project, out);
  tx.commit();
  return out;
}

} // namespace ingot::storage
