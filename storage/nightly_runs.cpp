#include "storage/nightly_runs.hpp"

#include "model/json_object.hpp"
#include "model/mcp/check_order.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"

#include <algorithm>
#include <map>

namespace ingot::storage {

namespace {

// Runs whose job came to an end without them.
constexpr auto close_dead_runs = R"sql(
  UPDATE nightly_runs r SET state = 'failed', finished_at = now(),
    error = COALESCE((SELECT j.last_error FROM jobs j WHERE j.id = r.job_id), 'its job is gone')
  WHERE r.finished_at IS NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = r.job_id AND j.state IN ('pending', 'running'))
)sql";

// Runs of more than a year ago are of no more interest; their items go with them.
constexpr auto forget_old_runs = "DELETE FROM nightly_runs WHERE finished_at < now() - interval '400 days'";

// Has this time of the schedule had its run? Asked first, so that a look that is repeated every few minutes takes no ids.
constexpr auto had_its_run = "SELECT FROM nightly_runs WHERE scheduled_for = $1::timestamptz";

// One unfinished run at a time (index nightly_runs_unfinished), each time of the schedule once (nightly_runs_scheduled).
constexpr auto add_run = R"sql(
  INSERT INTO nightly_runs (scheduled_for, depth, parts) VALUES (NULLIF($1, '')::timestamptz, $2, $3)
  ON CONFLICT DO NOTHING RETURNING id
)sql";

// The one that is in the way.
constexpr auto find_unfinished = "SELECT id FROM nightly_runs WHERE finished_at IS NULL";

// What it has to look at: those of gone and forbidden repositories too, since what was wrong may be mended by now.
constexpr auto add_items = R"sql(
  INSERT INTO nightly_items (run_id, repository_id)
  SELECT $1::int8, r.id FROM provider_repositories r
  WHERE r.state IN ('active', 'gone', 'forbidden')
    AND (cardinality($2::text[]) = 0 OR lower(r.owner || '/' || r.name) = ANY ($2::text[]) OR lower(r.owner) || '/*' = ANY ($2::text[]))
)sql";

// Which job does it, and how much there is to do.
constexpr auto note_job = R"sql(
  UPDATE nightly_runs SET job_id = $2, repositories = (SELECT count(*) FROM nightly_items WHERE run_id = $1) WHERE id = $1
)sql";

// What read_run() takes. A dead or buried job has ended its run.
const std::string select_runs = R"sql(
  SELECT r.id, COALESCE(r.job_id, 0), (extract(epoch FROM r.scheduled_for) * 1000000)::int8, r.depth, r.parts,
         CASE WHEN r.finished_at IS NULL AND COALESCE(j.state, 'dead') NOT IN ('pending', 'running') THEN 'failed' ELSE r.state END,
         r.cancel_requested, r.repositories, r.unchanged, r.changed, r.failed, r.drift::text, r.requests, r.not_modified, r.points,
         array_to_string(r.alerts, ' '), COALESCE(r.error, CASE WHEN r.finished_at IS NULL THEN j.last_error END, ''),
         (extract(epoch FROM r.created_at) * 1000000)::int8, (extract(epoch FROM r.progress_at) * 1000000)::int8,
         (extract(epoch FROM COALESCE(r.finished_at, j.finished_at)) * 1000000)::int8
  FROM nightly_runs r LEFT JOIN jobs j ON j.id = r.job_id
)sql";

// A page of what changed or failed.
constexpr auto page_of_items = R"sql(
  SELECT i.repository_id, COALESCE(i.job_id, i.check_id, 0), COALESCE(CASE WHEN r.provider = 'git' THEN r.url ELSE r.owner || '/' || r.name END, ''),
         i.state, COALESCE(i.reason, ''), array_to_string(i.drift, ' ')
  FROM nightly_items i LEFT JOIN provider_repositories r ON r.id = i.repository_id
  WHERE i.run_id = $1 AND i.repository_id > $2 AND i.state IN ('changed', 'failed') AND ($3 = '' OR i.state = $3)
  ORDER BY i.repository_id LIMIT $4
)sql";

// It is noticed between two batches.
constexpr auto request_cancel =
    "UPDATE nightly_runs SET cancel_requested = TRUE WHERE id = $1 AND finished_at IS NULL RETURNING id";

// A node that is new has missed nothing.
constexpr auto any_scheduled = "SELECT EXISTS (SELECT FROM nightly_runs WHERE scheduled_for IS NOT NULL)";

// A rule is broken once by a run.
constexpr auto note_alert = R"sql(
  UPDATE nightly_runs SET alerts = alerts || $2::text WHERE id = $1 AND NOT ($2::text = ANY (alerts)) RETURNING id
)sql";

// What a run has to look at next. Those of one credential come together, since they can be asked for together.
constexpr auto next_subjects = R"sql(
  SELECT r.id, r.provider, r.owner, r.name, r.url, COALESCE(r.external_id, 0), COALESCE(r.branch, ''), COALESCE(r.credential_id, 0),
         r.user_id, r.state, COALESCE(r.etag, ''), COALESCE(r.last_commit_sha, ''), COALESCE(r.last_tree_sha, ''),
         COALESCE(r.last_branch, ''), COALESCE(r.default_branch, ''), r.is_private, r.archived, r.complete,
         r.manifests AND r.provider = 'github', i.attempts, (extract(epoch FROM r.updated_at) * 1000000)::int8
  FROM nightly_items i JOIN provider_repositories r ON r.id = i.repository_id
  WHERE i.run_id = $1 AND i.state = 'pending' AND r.state IN ('active', 'gone', 'forbidden') AND NOT (COALESCE(r.credential_id, 0) = ANY ($3::int8[]))
  ORDER BY i.attempts, r.provider, r.credential_id, i.repository_id LIMIT $2
)sql";

// Of repositories that were removed since the run began nothing is to be looked at.
constexpr auto skip_removed = R"sql(
  UPDATE nightly_items i SET state = 'unchanged'
  WHERE i.run_id = $1 AND i.state = 'pending'
    AND NOT EXISTS (SELECT FROM provider_repositories r WHERE r.id = i.repository_id AND r.state IN ('active', 'gone', 'forbidden'))
  RETURNING i.repository_id
)sql";

// What became of each; those that are no longer pending were recorded before.
constexpr auto record_items = R"sql(
  UPDATE nightly_items i SET state = CASE u.outcome WHEN 'again' THEN 'pending' ELSE u.outcome END, attempts = i.attempts + 1,
    job_id = NULLIF(u.job, 0), check_id = NULLIF(u.look, 0), reason = NULLIF(u.reason, ''), drift = string_to_array(u.drift, ' ')
  FROM unnest($2::int8[], $3::text[], $4::int8[], $5::int8[], $6::text[], $7::text[])
    AS u (id, outcome, job, look, reason, drift)
  WHERE i.run_id = $1 AND i.repository_id = u.id AND i.state = 'pending'
  RETURNING i.state, array_to_string(i.drift, ' ')
)sql";

// The run as it stands, behind its job's fence.
constexpr auto add_to_run = R"sql(
  UPDATE nightly_runs SET progress_at = now(), unchanged = unchanged + $2, changed = changed + $3, failed = failed + $4,
    requests = requests + $5, not_modified = not_modified + $6, points = points + $7,
    drift = (SELECT COALESCE(jsonb_object_agg(kind, n), '{}')
             FROM (SELECT kind, sum(n) AS n
                   FROM (SELECT key AS kind, value::text::int8 AS n FROM jsonb_each(drift) UNION ALL SELECT k, 1 FROM unnest($8::text[]) k) a
                   GROUP BY kind) b)
  WHERE id = $1
)sql";

// They are current. Void when a sync came in between.
constexpr auto note_current = R"sql(
  UPDATE provider_repositories r SET last_synced_at = now(), next_check_at = now() + $3 * interval '1 millisecond', retry_count = 0,
    next_retry_at = NULL, rate_limit_reset_at = NULL, last_error = NULL
  FROM unnest($1::int8[], $2::text[]) AS u (id, commit)
  WHERE r.id = u.id AND COALESCE(r.last_commit_sha, '') = u.commit AND r.state = 'active'
)sql";

// What the provider says of them now. Void when something else told of them since they were asked for (law 4).
constexpr auto describe = R"sql(
  UPDATE provider_repositories r SET external_id = COALESCE(NULLIF(u.external_id, 0), r.external_id), owner = u.owner, name = u.name,
    default_branch = COALESCE(NULLIF(u.default_branch, ''), r.default_branch), is_private = u.is_private, archived = u.archived,
    updated_at = now()
  FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::int8[])
    AS u (id, external_id, owner, name, default_branch, is_private, archived, known_at)
  WHERE r.id = u.id AND (extract(epoch FROM r.updated_at) * 1000000)::int8 = u.known_at
)sql";

// Gone, forbidden, back again, or a failure that the next look may mend. Void like that, too.
constexpr auto note_trouble = R"sql(
  UPDATE provider_repositories r SET updated_at = now(), last_error = NULLIF(u.reason, ''),
    state = CASE WHEN u.becomes = '' THEN r.state ELSE u.becomes END,
    state_reason = CASE WHEN u.becomes = '' THEN r.state_reason ELSE NULLIF(u.reason, '') END
  FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[]) AS u (id, becomes, reason, known_at)
  WHERE r.id = u.id AND r.state IN ('active', 'gone', 'forbidden')
    AND (extract(epoch FROM r.updated_at) * 1000000)::int8 = u.known_at
)sql";

// What is left to do, and what was ordered and is not over.
constexpr auto count_remains = R"sql(
  SELECT (SELECT count(*) FROM nightly_items WHERE run_id = $1 AND state = 'pending'),
         (SELECT count(*) FROM nightly_items i
          WHERE i.run_id = $1 AND i.state = 'changed'
            AND (EXISTS (SELECT FROM jobs j WHERE j.id = i.job_id AND j.state IN ('pending', 'running'))
                 OR EXISTS (SELECT FROM jobs j WHERE j.id = i.check_id AND j.state IN ('pending', 'running'))))
)sql";

// A job that failed is a repository that failed.
constexpr auto fail_by_syncs = R"sql(
  UPDATE nightly_items i SET state = 'failed', reason = left(COALESCE(j.last_error, 'its sync failed'), 500)
  FROM jobs j WHERE i.run_id = $1 AND i.state = 'changed' AND j.id IN (i.job_id, i.check_id) AND j.state IN ('failed', 'dead')
  RETURNING i.repository_id
)sql";

// With what the syncs and the looks at manifests that it ordered cost.
constexpr auto end_run = R"sql(
  UPDATE nightly_runs r SET state = $2, finished_at = now(), progress_at = now(), changed = changed - $3, failed = failed + $3,
    requests = r.requests + s.requests + c.requests, not_modified = r.not_modified + s.not_modified + c.not_modified,
    points = r.points + s.points
  FROM (SELECT COALESCE(sum(c.requests), 0) AS requests, COALESCE(sum(c.not_modified), 0) AS not_modified, COALESCE(sum(c.points), 0) AS points
        FROM nightly_items i JOIN content_syncs c ON c.repository_id = i.repository_id AND c.job_id = i.job_id
        WHERE i.run_id = $1) s,
       (SELECT COALESCE(sum((j.result ->> 'requests')::int8), 0) AS requests,
               COALESCE(sum((j.result ->> 'not_modified')::int8), 0) AS not_modified
        FROM nightly_items i JOIN jobs j ON j.id = i.check_id WHERE i.run_id = $1) c
  WHERE r.id = $1 AND r.finished_at IS NULL
)sql";

// Those that were as they were.
constexpr auto forget_unchanged = "DELETE FROM nightly_items WHERE run_id = $1 AND state IN ('unchanged', 'pending')";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

std::vector<std::string> words(std::string_view text) {
  auto out = std::vector<std::string>{};
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string joined(const std::vector<std::string>& of) {
  auto out = std::string{};
  for (const auto& x : of)
    (out += out.empty() ? "" : " ") += x;
  return out;
}

nightly::run read_run(const pqxx::row& row) {
  auto out = nightly::run{};
  out.id = row[0].as<std::int64_t>();
  out.job_id = row[1].as<std::int64_t>();
  out.scheduled_for = read_time(row[2]);
  out.depth = pgx::text(row[3]);
  out.parts = pgx::text(row[4]);
  out.state = pgx::text(row[5]);
  out.cancel_requested = row[6].as<bool>();
  auto column = 7;
  for (auto* x : {&out.repositories, &out.unchanged, &out.changed, &out.failed})
    *x = row[column++].as<std::int64_t>();
  out.drift = pgx::text(row[11]);
  column = 12;
  for (auto* x : {&out.requests, &out.not_modified, &out.points})
    *x = row[column++].as<std::int64_t>();
  out.alerts = words(pgx::text(row[15]));
  out.error = out.state == "failed" ? std::string{pgx::text(row[16])} : std::string{};
  out.created_at = read_time(row[17]);
  out.progress_at = read_time(row[18]);
  out.finished_at = read_time(row[19]);
  return out;
}

nightly_subject read_subject(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = nightly_subject{};
  out.id = row[0].as<std::int64_t>();
  out.where = {text(1), text(2), text(3), text(4), row[5].as<std::int64_t>(), text(6), row[7].as<std::int64_t>()};
  out.user_id = text(8);
  out.state = text(9);
  out.etag = text(10);
  const auto commit = contents::object_id::parse(pgx::text(row[11])), tree = contents::object_id::parse(pgx::text(row[12]));
  if (commit && tree)
    out.known.synced = contents::revision{*commit, *tree, text(13)};
  out.known.etag = out.etag;
  out.as_known = {out.where.owner, out.where.name, text(14), row[15].as<bool>(), row[16].as<bool>()};
  out.complete = row[17].as<bool>();
  out.manifests = row[18].as<bool>();
  out.attempts = row[19].as<int>();
  out.known_at = row[20].as<std::int64_t>();
  return out;
}

std::optional<nightly::run> find(pqxx::transaction_base& tx, std::int64_t id) {
  const auto rows = pgx::query(tx, select_runs + " WHERE r.id = $1", id);
  return rows.empty() ? std::nullopt : std::optional{read_run(rows[0])};
}

std::string_view to_string(nightly_result::outcome x) {
  switch (x) {
  case nightly_result::outcome::unchanged:
    return "unchanged";
  case nightly_result::outcome::changed:
    return "changed";
  case nightly_result::outcome::failed:
    return "failed";
  case nightly_result::outcome::again:
    return "again";
  }
  return "failed";
}

refused_change no_such_run(std::int64_t id) {
  return refused_change{{fault::not_found, "there is no nightly run " + std::to_string(id), {}}};
}

text_array lower_texts(const std::vector<std::string>& of) {
  auto out = text_array{};
  for (auto x : of) {
    std::transform(x.begin(), x.end(), x.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    out.add(x);
  }
  return out;
}

/// The repositories' rows, as the results have them.
void mend(pqxx::transaction_base& tx, const std::vector<const nightly_result*>& results, std::chrono::milliseconds check_after) {
  auto current = int8_array{}, described = int8_array{}, external = int8_array{}, troubled = int8_array{},
       described_at = int8_array{}, troubled_at = int8_array{};
  auto commit = text_array{}, owner = text_array{}, name = text_array{}, branch = text_array{}, becomes = text_array{},
       reason = text_array{};
  auto is_private = bool_array{}, archived = bool_array{};
  for (const auto* x : results) {
    if (x->came_to == nightly_result::outcome::unchanged && x->is_current) {
      current.add(x->repository_id);
      commit.add(x->commit);
    }
    if (x->what) {
      described.add(x->repository_id);
      external.add(x->what->external_id);
      owner.add(x->what->owner);
      name.add(x->what->name);
      branch.add(x->what->default_branch);
      is_private.add(x->what->is_private);
      archived.add(x->what->archived);
      described_at.add(x->known_at);
    }
    if (!x->reason.empty() || !x->becomes.empty()) {
      troubled.add(x->repository_id);
      becomes.add(x->becomes);
      reason.add(x->reason);
      troubled_at.add(x->known_at);
    }
  }
  pgx::query(tx, note_current, current.parameter(), commit.parameter(), check_after.count());
  pgx::query(tx, describe, described.parameter(), external.parameter(), owner.parameter(), name.parameter(), branch.parameter(),
             is_private.parameter(), archived.parameter(), described_at.parameter());
  pgx::query(tx, note_trouble, troubled.parameter(), becomes.parameter(), reason.parameter(), troubled_at.parameter());
}

/// The jobs that a result ordered.
struct ordered_jobs {
  std::int64_t sync = 0, look = 0; ///< 0: none
};

/// In the order of keys over all of them: whoever else enqueues takes the lanes so, too.
std::map<std::int64_t, ordered_jobs> enqueue_all(pqxx::transaction_base& tx, const std::vector<const nightly_result*>& results) {
  auto all = std::vector<std::pair<const new_job*, std::int64_t>>{};
  for (const auto* x : results)
    for (const auto& job : x->jobs)
      all.emplace_back(&job, x->repository_id);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first->key < b.first->key; });
  auto out = std::map<std::int64_t, ordered_jobs>{};
  for (const auto& [job, repository] : all) {
    auto& of = out[repository];
    (job->kind == mcp::manifest_check_kind ? of.look : of.sync) = enqueue_job(tx, *job);
  }
  return out;
}

} // namespace

nightly_start start_nightly_run(connection& db, const nightly::run_order& order, const operator_action& by) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto at = order.scheduled_for ? to_rfc3339(*order.scheduled_for) : std::string{};
  if (!at.empty() && !pgx::query(tx, had_its_run, at).empty())
    return {};
  pgx::query(tx, close_dead_runs);
  pgx::query(tx, forget_old_runs);
  const auto added = pgx::query(tx, add_run, at, order.full ? "full" : "incremental", order.parts);
  if (added.empty()) {
    const auto other = pgx::query(tx, find_unfinished);
    tx.commit(); // what was closed stays closed
    return {other.empty() ? 0 : other[0][0].as<std::int64_t>(), false};
  }
  const auto run = added[0][0].as<std::int64_t>();
  auto wanted = lower_texts(order.repositories);
  pgx::query(tx, add_items, run, wanted.parameter());
  auto job = new_job{};
  job.kind = job.key = nightly::run_kind;
  job.priority = job_priority_max;
  job.payload = json_object{}.add("run", run).text();
  pgx::query(tx, note_job, run, enqueue_job(tx, job));
  append_audit_line(tx, by, "nightly run begun", "nightly run " + std::to_string(run));
  tx.commit();
  return {run, true};
}

nightly::run_order order_of(const nightly_settings& config) {
  return {config.depth == "full", config.parts, words(config.repositories), {}};
}

std::size_t start_scheduled_night(connection& db, const nightly_settings& config, timestamp at, timestamp now) {
  const auto late = now - at > config.jitter + config.missed_after;
  if (late && !has_scheduled_runs(db))
    return 0;
  auto order = order_of(config);
  order.scheduled_for = at;
  const auto started = start_nightly_run(db, order, {"scheduler", now});
  if (late && started.run_id != 0) // that one, or the one that is in its way
    if (const auto run = find_nightly_run(db, started.run_id); run && (started.begun || run->scheduled_for != at))
      add_nightly_alert(db, *run, "missed", !config.alert_url.empty());
  return started.begun ? 1 : 0;
}

std::optional<nightly::run> find_nightly_run(connection& db, std::int64_t id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  return find(tx, id);
}

std::vector<nightly::run> list_nightly_runs(connection& db, std::int64_t before, unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<nightly::run>{};
  for (const auto& row : pgx::query(tx, select_runs + " WHERE r.id < $1 ORDER BY r.id DESC LIMIT $2", before, limit))
    out.push_back(read_run(row));
  return out;
}

std::vector<nightly::item> list_nightly_items(connection& db, std::int64_t run_id, const std::string& state, std::int64_t after,
                                              unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (!find(tx, run_id))
    throw no_such_run(run_id);
  auto out = std::vector<nightly::item>{};
  for (const auto& row : pgx::query(tx, page_of_items, run_id, after, state, limit))
    out.push_back({row[0].as<std::int64_t>(), row[1].as<std::int64_t>(), std::string{pgx::text(row[2])},
                   std::string{pgx::text(row[3])}, std::string{pgx::text(row[4])}, words(pgx::text(row[5]))});
  return out;
}

nightly::run cancel_nightly_run(connection& db, std::int64_t id, const operator_action& by) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto cancelled = !pgx::query(tx, request_cancel, id).empty();
  auto out = find(tx, id);
  if (!out)
    throw no_such_run(id);
  if (!cancelled)
    throw refused_change{{fault::conflict, "nightly run " + std::to_string(id) + " is over: " + out->state, {}}};
  append_audit_line(tx, by, "nightly run cancelled", "nightly run " + std::to_string(id));
  tx.commit();
  return *out;
}

bool has_scheduled_runs(connection& db) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  return pgx::query(tx, any_scheduled)[0][0].as<bool>();
}

bool add_nightly_alert(connection& db, const nightly::run& run, std::string_view rule, bool notify) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto fresh = !pgx::query(tx, note_alert, run.id, rule).empty();
  if (fresh && notify)
    enqueue_job(tx, nightly::alert_job(run, rule));
  tx.commit();
  return fresh;
}

std::optional<nightly::run> nightly_run_of(connection& db, const job_lease& lease) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, select_runs + " WHERE r.job_id = $1 AND r.finished_at IS NULL", lease.id);
  return rows.empty() ? std::nullopt : std::optional{read_run(rows[0])};
}

std::vector<nightly_subject> next_nightly_subjects(connection& db, std::int64_t run_id, std::size_t limit,
                                                   const std::vector<std::int64_t>& limited_credentials) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto limited = int8_array{};
  for (const auto x : limited_credentials)
    limited.add(x);
  auto out = std::vector<nightly_subject>{};
  for (const auto& row : pgx::query(tx, next_subjects, run_id, limit, limited.parameter()))
    out.push_back(read_subject(row));
  return out;
}

void record_nightly(connection& db, const job_lease& lease, std::int64_t run_id, const std::vector<nightly_result>& results,
                    const contents::sync_cost& cost, std::chrono::milliseconds check_after) {
  auto sorted = std::vector<const nightly_result*>{};
  for (const auto& x : results)
    sorted.push_back(&x);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->repository_id < b->repository_id; });
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, lease);
  mend(tx, sorted, check_after);
  auto jobs = enqueue_all(tx, sorted);
  auto id = int8_array{}, job = int8_array{}, look = int8_array{};
  auto outcome = text_array{}, reason = text_array{}, drift = text_array{}, kinds = text_array{};
  for (const auto* x : sorted) {
    const auto ordered = jobs[x->repository_id];
    id.add(x->repository_id);
    outcome.add(to_string(x->came_to));
    job.add(ordered.sync);
    look.add(ordered.look);
    reason.add(x->reason);
    drift.add(joined(x->drift));
  }
  auto counts = std::map<std::string_view, std::int64_t>{};
  const auto recorded = pgx::query(tx, record_items, run_id, id.parameter(), outcome.parameter(), job.parameter(), look.parameter(),
                                   reason.parameter(), drift.parameter());
  for (const auto& row : recorded) {
    ++counts[pgx::text(row[0])];
    for (const auto& x : words(pgx::text(row[1])))
      kinds.add(x);
  }
  pgx::query(tx, add_to_run, run_id, counts["unchanged"], counts["changed"], counts["failed"], cost.requests, cost.not_modified,
             cost.points, kinds.parameter());
  tx.commit();
}

nightly_remains nightly_remains_of(connection& db, std::int64_t run_id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (const auto skipped = pgx::query(tx, skip_removed, run_id).size(); skipped > 0)
    pgx::query(tx, add_to_run, run_id, static_cast<std::int64_t>(skipped), 0, 0, 0, 0, 0, text_array{}.parameter());
  const auto rows = pgx::query(tx, count_remains, run_id);
  tx.commit();
  return {rows[0][0].as<std::int64_t>(), rows[0][1].as<std::int64_t>()};
}

nightly::run finish_nightly(connection& db, const job_lease& lease, std::int64_t run_id, std::string_view state) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, lease);
  const auto failed = pgx::query(tx, fail_by_syncs, run_id).size();
  pgx::query(tx, end_run, run_id, state, static_cast<std::int64_t>(failed));
  pgx::query(tx, forget_unchanged, run_id);
  auto out = find(tx, run_id);
  tx.commit();
  if (!out)
    throw no_such_run(run_id);
  return *out;
}

} // namespace ingot::storage
