#include "storage/rollup_runs.hpp"

#include "model/json_object.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"
#include "storage/write_session.hpp"

#include <array>

namespace ingot::storage {

namespace {

constexpr auto statements = std::to_array<named_statement>({
    // Runs whose job came to an end without them.
    {"close_dead_rollups", R"sql(
      UPDATE rollup_runs r SET state = 'failed', finished_at = now(),
        error = COALESCE((SELECT j.last_error FROM jobs j WHERE j.id = r.job_id), r.error, 'its job is gone')
      WHERE r.finished_at IS NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = r.job_id AND j.state IN ('pending', 'running'))
    )sql"},
    // Runs beyond the newest thousand are of no more interest.
    {"forget_old_rollups", R"sql(
      DELETE FROM rollup_runs WHERE finished_at IS NOT NULL AND id < (SELECT max(id) - 1000 FROM rollup_runs)
    )sql"},
    // One unfinished run at a time (index rollup_runs_unfinished).
    {"add_rollup", R"sql(
      INSERT INTO rollup_runs (date, days, force) VALUES ($1::text::date, $2::text::integer, $3::text::boolean)
      ON CONFLICT DO NOTHING RETURNING id
    )sql"},
    // The one that is in the way.
    {"find_unfinished_rollup", "SELECT id FROM rollup_runs WHERE finished_at IS NULL"},
    // Which job does it. Nothing, when the job is another run's: it was enqueued before, under the same dedupe key.
    {"note_rollup_job", R"sql(
      UPDATE rollup_runs SET job_id = ($2::int8[])[1]
      WHERE id = ($1::int8[])[1]
        AND EXISTS (SELECT FROM jobs j WHERE j.id = ($2::int8[])[1] AND j.payload->>'run_id' = ($1::int8[])[1]::text)
      RETURNING id
    )sql"},
    // How far the job's run is. Of an attempt that lost its lease $2 nobody wants to know (law 2); the lock keeps the next
    // attempt
    // from beginning in between.
    {"note_rollup_progress", R"sql(
      UPDATE rollup_runs SET progress_at = now(), step = $3::text, steps_done = $4::text::integer, steps_total = $5::text::integer
      WHERE job_id = ($1::int8[])[1]
        AND EXISTS (SELECT FROM jobs WHERE id = ($1::int8[])[1] AND state = 'running' AND lease_token = $2::text::uuid FOR SHARE)
    )sql"},
    // The end of the job's run, behind the fence of its job.
    {"note_rollup_success", R"sql(
      UPDATE rollup_runs
      SET state = 'succeeded', progress_at = now(), finished_at = now(), step = 'done', steps_done = steps_total, error = NULL,
        counts = $2::text::jsonb
      WHERE job_id = ($1::int8[])[1]
    )sql"},
});

// Runs with what became of their jobs: a dead or buried one has ended its run.
constexpr auto select_runs = R"sql(
  SELECT r.id, COALESCE(r.job_id, 0), r.date, r.days, r.force,
         CASE WHEN r.finished_at IS NULL AND COALESCE(j.state, 'dead') NOT IN ('pending', 'running') THEN 'failed' ELSE r.state END,
         r.step, r.steps_done, r.steps_total, COALESCE(r.counts::text, ''), COALESCE(r.error, j.last_error, ''),
         to_char(r.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(r.started_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
         to_char(r.progress_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
         to_char(COALESCE(r.finished_at, j.finished_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM rollup_runs r LEFT JOIN jobs j ON j.id = r.job_id
)sql";

// A job that an operator gave another chance opens its run again. The lease $2 is still the attempt's (as in the one below).
constexpr auto begin_attempt = R"sql(
  UPDATE rollup_runs SET state = 'running', started_at = now(), progress_at = now(), finished_at = NULL, step = 'beginning',
    steps_done = 0, steps_total = 0
  WHERE job_id = $1 AND state <> 'succeeded'
    AND EXISTS (SELECT FROM jobs WHERE id = $1 AND state = 'running' AND lease_token = $2::text::uuid FOR SHARE)
  RETURNING date, days, force
)sql";

// Why the last attempt failed.
constexpr auto note_failure = R"sql(
  UPDATE rollup_runs SET error = $3, state = CASE WHEN $4 THEN 'failed' ELSE 'pending' END,
    finished_at = CASE WHEN $4 THEN now() END
  WHERE job_id = $1 AND state <> 'succeeded'
    AND EXISTS (SELECT FROM jobs WHERE id = $1 AND state = 'running' AND lease_token = $2::text::uuid FOR SHARE)
)sql";

std::optional<timestamp> time_of(const pqxx::field& x) {
  return x.is_null() ? std::nullopt : parse_rfc3339(pgx::text(x));
}

rollup_run run_of(const pqxx::row& x) {
  auto out = rollup_run{};
  out.id = x[0].as<std::int64_t>();
  out.job_id = x[1].as<std::int64_t>();
  out.date = pgx::text(x[2]);
  out.days = x[3].as<int>();
  out.force = x[4].as<bool>();
  out.state = pgx::text(x[5]);
  out.step = pgx::text(x[6]);
  out.steps_done = x[7].as<int>();
  out.steps_total = x[8].as<int>();
  out.counts = pgx::text(x[9]);
  out.error = out.state == "succeeded" ? std::string_view{} : pgx::text(x[10]);
  out.created_at = time_of(x[11]);
  out.started_at = time_of(x[12]);
  out.progress_at = time_of(x[13]);
  out.finished_at = time_of(x[14]);
  return out;
}

int8_array one(std::int64_t x) {
  auto out = int8_array{};
  out.add(x);
  return out;
}

new_job job_of(const rollup_order& order, std::int64_t run_id, std::string_view period) {
  auto x = new_job{};
  x.kind = rollup_job_kind;
  x.key = rollup_job_kind;
  if (!period.empty())
    x.dedupe_key = "rollup@" + std::string{period};
  x.payload = json_object{}
                  .add("run_id", run_id)
                  .add("date", date_text(order.date))
                  .add("days", order.days)
                  .add("force", order.force)
                  .text();
  return x;
}

std::int64_t first_id(const answer& rows) {
  return rows.rows() == 0 ? 0 : rows.integer(0, 0);
}

/// What a try to add a run came to.
struct added_run {
  std::int64_t id = 0;    ///< of the run that was added, 0: of none
  std::int64_t other = 0; ///< of an unfinished one
};

/// Leaves its transaction open when it added one.
added_run add_run(pipeline& db, const rollup_order& order) {
  const auto date = date_text(order.date), days = std::to_string(order.days), force = std::string{order.force ? "true" : "false"};
  auto out = added_run{};
  db.add("begin");
  db.add("close_dead_rollups");
  db.add("forget_old_rollups");
  db.add("add_rollup", {{date}, {days}, {force}}, [&](const answer& rows) { out.id = first_id(rows); });
  db.add("find_unfinished_rollup", {}, [&](const answer& rows) { out.other = first_id(rows); });
  db.run();
  if (out.id == 0) {
    db.add("commit"); // what was closed stays closed
    db.run();
  }
  return out;
}

} // namespace

std::span<const named_statement> rollup_run_statements() {
  return statements;
}

rollup_start start_rollup(const std::string& url, const database_settings& settings, const rollup_order& order,
                          std::string_view period) {
  auto db = pipeline{url, settings, write_statements({job_statements(), statements})};
  const auto limit = db.within_statement_timeout();
  auto added = add_run(db, order);
  if (added.id == 0 && added.other == 0) // the one in the way ended before it was looked for
    added = add_run(db, order);
  const auto run = added.id;
  if (run == 0)
    return {added.other, false};
  auto job = std::int64_t{0}, confirmed = std::int64_t{0};
  const auto wanted = job_of(order, run, period);
  enqueue_jobs(db, {&wanted, 1}, [&](const job_ids& ids) { job = ids.front(); });
  db.run();
  auto run_id = one(run), job_id = one(job);
  db.add("note_rollup_job", {run_id.parameter(), job_id.parameter()}, [&](const answer& rows) { confirmed = first_id(rows); });
  db.run();
  db.add(confirmed == run ? "commit" : "roll_back");
  db.run();
  return {confirmed, confirmed == run};
}

std::optional<rollup_run> find_rollup(connection& db, std::int64_t id) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, std::string{select_runs} + " WHERE r.id = $1", id);
  return rows.empty() ? std::nullopt : std::optional{run_of(rows[0])};
}

std::vector<rollup_run> list_rollups(connection& db, unsigned limit_rows) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<rollup_run>{};
  for (const auto& row : pgx::query(tx, std::string{select_runs} + " ORDER BY r.id DESC LIMIT $1", limit_rows))
    out.push_back(run_of(row));
  return out;
}

std::optional<rollup_order> begin_rollup_attempt(connection& db, const job_lease& lease) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, begin_attempt, lease.id, lease.token);
  if (rows.empty())
    return std::nullopt;
  auto out = rollup_order{};
  out.date = std::chrono::floor<std::chrono::days>(*parse_rfc3339(std::string{pgx::text(rows[0][0])} + "T00:00:00Z"));
  out.days = rows[0][1].as<unsigned>();
  out.force = rows[0][2].as<bool>();
  tx.commit();
  return out;
}

void note_rollup_failure(connection& db, const job_lease& lease, const std::string& error, bool for_good) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  pgx::query(tx, note_failure, lease.id, lease.token, error, for_good);
  tx.commit();
}

void note_rollup_progress(pipeline& db, const job_lease& lease, std::string_view step, std::size_t done, std::size_t total) {
  auto job = one(lease.id);
  const auto done_text = std::to_string(done), total_text = std::to_string(total);
  db.add("note_rollup_progress", {job.parameter(), {lease.token}, {step}, {done_text}, {total_text}});
}

void note_rollup_success(pipeline& db, const job_lease& lease, std::string_view counts) {
  auto job = one(lease.id);
  db.add("note_rollup_success", {job.parameter(), {counts}});
}

} // namespace ingot::storage
