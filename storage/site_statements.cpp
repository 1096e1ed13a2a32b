#include "storage/site_statements.hpp"

#include <array>

namespace ingot::storage {

namespace {

// Syncs of one site go one after the other, whatever node they come to. One whose site another transaction holds is left out and
// tried again, so that nobody waits for it.
constexpr auto lock_sites_sql = R"sql(
  SELECT id FROM sites WHERE id = ANY($1::int8[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)sql";

// What a verdict needs, and whether this very sync was committed already by a COMMIT whose answer was lost. A statement of its
// own, after the lock, so that it sees what others committed meanwhile. Asynchronous syncs that wait count as the syncs that they
// will be.
constexpr auto judge_syncs_sql = R"sql(
  SELECT s.id IS NOT NULL, s.disabled_at IS NOT NULL,
         u.key_id = 0 OR EXISTS (SELECT FROM api_keys k WHERE k.id = u.key_id AND k.site_id = u.site_id AND k.revoked_at IS NULL),
         COALESCE(s.version, 0), g.value, mark.at, COALESCE(rate.used, 0) + COALESCE(lane.jobs, 0), rate.oldest,
         s.notify_url IS NOT NULL, COALESCE(mark.again, FALSE), done.outcome, done.processed, done.new_modules, done.updated_modules,
         done.removed_modules, done.security_updates
  FROM unnest($1::int8[], $2::int8[], $3::timestamptz[], $5::text[], $6::bytea[])
    WITH ORDINALITY AS u (site_id, key_id, since, sync_id, hash, number)
  CROSS JOIN security_generation g
  LEFT JOIN sites s ON s.id = u.site_id
  LEFT JOIN syncs done ON done.id = u.sync_id::uuid AND done.outcome <> 'failed'
  LEFT JOIN LATERAL (SELECT (extract(epoch FROM y.sync_timestamp) * 1000000)::bigint AS at, y.payload_hash = u.hash AS again
                     FROM syncs y
                     WHERE y.site_id = u.site_id AND y.outcome IN ('applied', 'unchanged')
                     ORDER BY y.sync_timestamp DESC LIMIT 1) mark ON TRUE
  LEFT JOIN LATERAL (SELECT count(*) AS used, (extract(epoch FROM min(r.received_at)) * 1000000)::bigint AS oldest
                     FROM (SELECT y.received_at FROM syncs y
                           WHERE y.site_id = u.site_id AND y.received_at > u.since AND y.outcome <> 'failed'
                           ORDER BY y.received_at DESC LIMIT ($4::int8[])[1]) r) rate ON TRUE
  LEFT JOIN job_lanes lane ON lane.key = 'site/' || u.site_id
  ORDER BY u.number
)sql";

// The fingerprints of sites.
constexpr auto load_sites_sql = R"sql(
  SELECT u.site_id, s.reported, NULL::text, NULL::bigint, NULL::integer, NULL::boolean, NULL::boolean
  FROM unnest($1::int8[]) AS u (site_id) JOIN sites s ON s.id = u.site_id
  UNION ALL
  SELECT sm.site_id, NULL, m.machine_name, sm.reported, sm.module_id, sm.removed_at IS NOT NULL,
         COALESCE(v.needs_security_update, FALSE)
  FROM unnest($1::int8[]) AS u (site_id)
  JOIN site_modules sm ON sm.site_id = u.site_id
  JOIN modules m ON m.id = sm.module_id
  LEFT JOIN module_versions v ON v.id = sm.version_id
)sql";

// An import of releases waits until versions that are being made are committed, or the other way round.
constexpr auto hold_releases_sql = R"sql(
  SELECT ingot_hold_releases()
)sql";

// Modules that nobody has reported before. Two sites that report one at the same moment make it once.
constexpr auto add_modules_sql = R"sql(
  INSERT INTO modules (machine_name, display_name, module_type, description, drupal_org_link, package, project, described,
                       described_at)
  SELECT u.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int8[],
                         $9::timestamptz[])
    AS u (machine_name, display_name, module_type, description, link, package, project, described, at)
  WHERE NOT EXISTS (SELECT FROM modules m WHERE m.machine_name = u.machine_name)
  ORDER BY u.machine_name
  ON CONFLICT (machine_name) DO NOTHING
)sql";

// What is said of a module is shared by all sites: the newest sync that says something else counts (law 4).
constexpr auto describe_modules_sql = R"sql(
  UPDATE modules m SET display_name = u.display_name, module_type = u.module_type, description = u.description,
    drupal_org_link = u.link, package = u.package, project = u.project, described = u.described, described_at = u.at,
    updated_at = now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int8[], $9::timestamptz[])
    AS u (machine_name, display_name, module_type, description, link, package, project, described, at)
  WHERE m.machine_name = u.machine_name AND m.described <> u.described
    AND (m.described_at, m.described) < (u.at, u.described)
)sql";

constexpr auto add_versions_sql = R"sql(
  INSERT INTO module_versions (module_id, version, sort_key, core_compatibility, dependencies, security_coverage, described,
                               described_at, release_date, needs_security_update)
  SELECT m.id, u.version, u.sort_key,
    CASE WHEN u.core = '[]' THEN '{}' ELSE ARRAY(SELECT jsonb_array_elements_text(u.core::jsonb)) END,
    CASE WHEN u.dependencies = '[]' THEN '{}' ELSE ARRAY(SELECT jsonb_array_elements_text(u.dependencies::jsonb)) END,
    u.coverage, u.described, u.at,
    (SELECT r.released_at FROM module_releases r WHERE r.project = m.project AND r.version = u.version),
    ingot_needs_security_update(m.project, u.version, u.sort_key)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::int8[], $8::timestamptz[])
    AS u (machine_name, version, sort_key, core, dependencies, coverage, described, at)
  JOIN modules m ON m.machine_name = u.machine_name
  WHERE NOT EXISTS (SELECT FROM module_versions v WHERE v.module_id = m.id AND v.version = u.version)
  ORDER BY u.machine_name, u.version
  ON CONFLICT (module_id, version) DO NOTHING
)sql";

constexpr auto describe_versions_sql = R"sql(
  UPDATE module_versions v SET core_compatibility = ARRAY(SELECT jsonb_array_elements_text(u.core::jsonb)),
    dependencies = ARRAY(SELECT jsonb_array_elements_text(u.dependencies::jsonb)), security_coverage = u.coverage,
    described = u.described, described_at = u.at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::int8[], $7::timestamptz[])
    AS u (machine_name, version, core, dependencies, coverage, described, at)
  JOIN modules m ON m.machine_name = u.machine_name
  WHERE v.module_id = m.id AND v.version = u.version AND v.described <> u.described
    AND (v.described_at, v.described) < (u.at, u.described)
)sql";

// A module that belongs to another project than before is judged by that one's releases.
constexpr auto judge_moved_modules_sql = R"sql(
  UPDATE module_versions v SET needs_security_update = j.needs
  FROM (SELECT x.id, ingot_needs_security_update(m.project, x.version, x.sort_key) AS needs
        FROM unnest($1::text[]) AS u (machine_name)
        JOIN modules m ON m.machine_name = u.machine_name
        JOIN module_versions x ON x.module_id = m.id
        WHERE m.updated_at = now() AND m.created_at <> now()) j
  WHERE v.id = j.id AND v.needs_security_update <> j.needs
)sql";

// The sites' own rows: new ones, changed ones and their history, from one look-up of modules and versions; and the records of the
// syncs, which count what misses a security update: what is known of unchanged modules ($16) and what is written now.
constexpr auto apply_syncs_sql = R"sql(
  WITH found AS MATERIALIZED (
    SELECT u.*, m.id AS module_id, v.id AS version_id, COALESCE(v.needs_security_update, FALSE) AS needs
    FROM unnest($1::int8[], $2::text[], $3::text[], $4::bool[], $5::int4[], $6::int8[], $7::timestamptz[], $8::text[], $9::bool[])
      WITH ORDINALITY AS u (site_id, machine_name, version, enabled, schema_version, reported, at, sync_id, fresh, number)
    JOIN modules m ON m.machine_name = u.machine_name
    LEFT JOIN module_versions v ON v.module_id = m.id AND v.version = u.version
  ), added AS (
    INSERT INTO site_modules (site_id, module_id, version_id, enabled, schema_version, reported, first_seen, last_updated, seen_at)
    SELECT site_id, module_id, version_id, enabled, schema_version, reported, at, at, at FROM found WHERE fresh
  ), history AS (
    INSERT INTO site_module_history (site_id, module_id, from_version_id, to_version_id, changed_at, sync_id)
    SELECT f.site_id, f.module_id, sm.version_id, f.version_id, f.at, f.sync_id::uuid
    FROM found f JOIN site_modules sm ON sm.site_id = f.site_id AND sm.module_id = f.module_id
    WHERE NOT f.fresh AND sm.version_id IS DISTINCT FROM f.version_id
  ), updated AS (
    UPDATE site_modules sm SET version_id = f.version_id, enabled = f.enabled, schema_version = f.schema_version,
      reported = f.reported, last_updated = f.at, seen_at = f.at, removed_at = NULL
    FROM found f WHERE NOT f.fresh AND sm.site_id = f.site_id AND sm.module_id = f.module_id
  ), insecure AS MATERIALIZED (
    SELECT site_id, count(*) AS modules FROM found WHERE needs GROUP BY site_id
  ), recorded AS (
    INSERT INTO syncs (id, site_id, api_key_id, sync_type, outcome, sync_timestamp, received_at, last_cron, processed, new_modules,
                       updated_modules, removed_modules, security_updates, warnings, errors, duration_ms, payload_hash, job_id)
    SELECT u.id::uuid, u.site_id, NULLIF(u.key_id, 0), u.type, u.outcome, u.at, u.received, u.cron, u.counts[1], u.counts[2],
           u.counts[3], u.counts[4], u.counts[5] + COALESCE(i.modules, 0), u.counts[6], u.counts[7], u.ms, u.hash,
           NULLIF(u.job_id, 0)
    FROM (SELECT t.id, t.site_id, t.key_id, t.type, t.outcome, t.at, t.received, t.cron, t.ms, t.hash, t.job_id,
                 ($16::int4[])[t.number * 7 - 6 : t.number * 7] AS counts
          FROM unnest($10::text[], $11::int8[], $12::int8[], $13::text[], $14::text[], $15::timestamptz[], $17::timestamptz[],
                      $18::timestamptz[], $19::float8[], $20::bytea[], $21::int8[])
            WITH ORDINALITY AS t (id, site_id, key_id, type, outcome, at, received, cron, ms, hash, job_id, number)) u
    LEFT JOIN insecure i ON i.site_id = u.site_id
    ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, processed = excluded.processed, new_modules = excluded.new_modules,
      updated_modules = excluded.updated_modules, removed_modules = excluded.removed_modules,
      security_updates = excluded.security_updates, warnings = excluded.warnings, errors = excluded.errors,
      duration_ms = excluded.duration_ms, job_id = excluded.job_id, error = NULL
    WHERE syncs.outcome = 'failed'
  )
  SELECT module_id, needs FROM found ORDER BY number
)sql";

// Modules that full syncs do not name any more, or that differences take away. Last seen: by the last full sync before this one.
constexpr auto remove_modules_sql = R"sql(
  UPDATE site_modules sm SET enabled = FALSE, removed_at = u.at, last_updated = u.at,
    seen_at = GREATEST(sm.seen_at, (SELECT max(y.sync_timestamp) FROM syncs y
                                    WHERE y.site_id = u.site_id AND y.outcome IN ('applied', 'unchanged') AND y.sync_type = 'full'))
  FROM unnest($1::int8[], $2::int4[], $3::timestamptz[]) AS u (site_id, module_id, at)
  WHERE sm.site_id = u.site_id AND sm.module_id = u.module_id AND sm.removed_at IS NULL
)sql";

constexpr auto update_sites_sql = R"sql(
  UPDATE sites s SET version = s.version + 1, environment = u.environment, info = u.info::jsonb, drupal_version = u.drupal,
    php_version = u.php, reported = u.reported, updated_at = now()
  FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[])
    AS u (site_id, environment, info, drupal, php, reported)
  WHERE s.id = u.site_id
)sql";

constexpr auto keep_failed_sync_sql = R"sql(
  INSERT INTO syncs (id, site_id, api_key_id, sync_type, outcome, sync_timestamp, received_at, duration_ms, payload_hash, error, job_id)
  SELECT u.id::uuid, u.site_id, NULLIF(u.key_id, 0), u.type, 'failed', u.at, u.received, u.ms, u.hash, u.error, NULLIF(u.job_id, 0)
  FROM unnest($1::text[], $2::int8[], $3::int8[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::float8[], $8::bytea[],
              $9::text[], $10::int8[]) AS u (id, site_id, key_id, type, at, received, ms, hash, error, job_id)
  ON CONFLICT (id) DO UPDATE SET error = excluded.error, duration_ms = excluded.duration_ms WHERE syncs.outcome = 'failed'
)sql";

constexpr auto statements = std::to_array<named_statement>({
    {"lock_sites", lock_sites_sql},
    {"judge_syncs", judge_syncs_sql},
    {"load_sites", load_sites_sql},
    {"hold_releases", hold_releases_sql},
    {"add_modules", add_modules_sql},
    {"describe_modules", describe_modules_sql},
    {"judge_moved_modules", judge_moved_modules_sql},
    {"add_versions", add_versions_sql},
    {"describe_versions", describe_versions_sql},
    {"apply_syncs", apply_syncs_sql},
    {"remove_modules", remove_modules_sql},
    {"update_sites", update_sites_sql},
    {"keep_failed_sync", keep_failed_sync_sql},
});

} // namespace

std::span<const named_statement> site_statements() {
  return statements;
}

} // namespace ingot::storage
