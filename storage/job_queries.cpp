#include "storage/job_queries.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// What read() takes.
const std::string job_columns = R"sql(
  SELECT id, kind, key, state, priority, attempts, COALESCE(dedupe_key, ''), payload, COALESCE(octet_length(body), 0),
         COALESCE(result::text, ''), COALESCE(last_error, ''), history,
         (extract(epoch FROM created_at) * 1000000)::int8, (extract(epoch FROM updated_at) * 1000000)::int8,
         (extract(epoch FROM run_at) * 1000000)::int8, (extract(epoch FROM lease_until) * 1000000)::int8,
         (extract(epoch FROM finished_at) * 1000000)::int8
  FROM jobs
)sql";

// One page, the newest first.
const std::string page_of_jobs = job_columns + R"sql(
  WHERE ($1 = '' OR state = $1) AND ($2 = '' OR kind = $2) AND ($3 = '' OR key = $3) AND id < $4
  ORDER BY id DESC LIMIT $5
)sql";

const std::string job_of_id = job_columns + "WHERE id = $1";

constexpr auto key_of_job = "SELECT key FROM jobs WHERE id = $1";

// Whoever changes a job that does not run holds its lane first, as a claim does.
constexpr auto lock_lane = "SELECT FROM job_lanes WHERE key = $1 FOR UPDATE";

// An operator's second chance for a job.
constexpr auto revive_job = R"sql(
  UPDATE jobs SET state = 'pending', attempts = 0, run_at = now(), finished_at = NULL, updated_at = now()
  WHERE id = $1 AND state IN ('failed', 'dead')
)sql";

// It comes to its key's other jobs, or is the only one.
constexpr auto join_lane = R"sql(
  INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs)
  SELECT key, id, kind, priority, run_at, 1 FROM jobs WHERE id = $1
  ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + 1
)sql";

constexpr auto bury_pending_job = R"sql(
  UPDATE jobs SET state = 'dead', finished_at = now(), updated_at = now(), last_error = $2,
    history = ingot_job_history(history, attempts, $2)
  WHERE id = $1 AND state = 'pending'
)sql";

// One that is not its lane's head is one less behind it.
constexpr auto leave_lane = "UPDATE job_lanes SET jobs = jobs - 1 WHERE key = $1 AND job_id <> $2";

// Unfinished jobs by their lanes, finished ones by a partial index that holds only these.
constexpr auto count_jobs_sql = R"sql(
  SELECT COALESCE(sum(jobs), 0) - count(*) FILTER (WHERE running), count(*) FILTER (WHERE running),
         (SELECT count(*) FROM jobs WHERE state = 'failed'), (SELECT count(*) FROM jobs WHERE state = 'dead'),
         COALESCE(extract(epoch FROM now() - min(run_at) FILTER (WHERE NOT running AND run_at <= now() AND kind = ANY($1::text[]))), 0)
  FROM job_lanes
)sql";

// Finished jobs of a state, some thousand at a time. Both conditions stand twice: those of the outer statement are looked at
// again when it had to wait for somebody who changed the job, an operator's retry for one.
constexpr auto forget_finished = R"sql(
  DELETE FROM jobs WHERE state = $1 AND finished_at < $2::timestamptz AND id IN (
    SELECT id FROM jobs WHERE state = $1 AND finished_at < $2::timestamptz ORDER BY finished_at LIMIT 5000)
)sql";

// Lanes whose head is gone, which no code of ours brings about: a DELETE by hand does. Nobody would advance them.
constexpr auto lock_headless_lanes = R"sql(
  SELECT key FROM job_lanes l WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = l.job_id)
  ORDER BY key LIMIT 1000 FOR UPDATE SKIP LOCKED
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

job_record read(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = job_record{};
  out.id = row[0].as<std::int64_t>();
  out.kind = text(1);
  out.key = text(2);
  out.state = text(3);
  out.priority = row[4].as<int>();
  out.attempts = row[5].as<int>();
  out.dedupe_key = text(6);
  out.payload = text(7);
  out.body_bytes = row[8].as<std::int64_t>();
  out.result = text(9);
  out.last_error = text(10);
  out.history = text(11);
  out.created_at = *read_time(row[12]);
  out.updated_at = *read_time(row[13]);
  out.run_at = *read_time(row[14]);
  out.lease_until = read_time(row[15]);
  out.finished_at = read_time(row[16]);
  return out;
}

/// The key of a job whose lane is locked from now on.
std::string lock_lane_of(pqxx::transaction_base& tx, std::int64_t id) {
  const auto rows = pgx::query(tx, key_of_job, id);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no job " + std::to_string(id), {}}};
  auto key = std::string{pgx::text(rows[0][0])};
  pgx::query(tx, lock_lane, key);
  return key;
}

job_record read_again(pqxx::transaction_base& tx, std::int64_t id) {
  return read(pgx::query(tx, job_of_id, id)[0]);
}

[[noreturn]] void refuse(pqxx::transaction_base& tx, std::int64_t id, const std::string& wanted) {
  throw refused_change{{fault::conflict, "job " + std::to_string(id) + " is " + read_again(tx, id).state + "; " + wanted, {}}};
}

void advance_headless_lanes(connection& db) {
  connection::deadline bounded{db};
  pqxx::work tx{db.raw()};
  auto keys = text_array{};
  for (const auto& row : pgx::query(tx, lock_headless_lanes))
    keys.add(pgx::text(row[0]));
  pgx::query(tx, advance_job_lanes, keys.parameter());
  tx.commit();
}

std::string subject_of(const job_record& x) {
  return "job " + std::to_string(x.id) + " (" + x.kind + " of " + x.key + ")";
}

} // namespace

job_page list_jobs(connection& db, const job_filter& filter, unsigned limit, const std::optional<std::int64_t>& after) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  constexpr auto all = std::int64_t{9'223'372'036'854'775'807};
  // One more than wanted tells whether there is more.
  const auto rows = pgx::query(tx, page_of_jobs, filter.state, filter.kind, filter.key, after.value_or(all),
                               static_cast<std::int64_t>(limit) + 1);
  auto page = job_page{};
  for (const auto& row : rows) {
    if (page.items.size() == limit) {
      page.next = page.items.back().id;
      break;
    }
    page.items.push_back(read(row));
  }
  return page;
}

std::optional<job_record> find_job(connection& db, std::int64_t id) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  const auto rows = pgx::query(tx, job_of_id, id);
  return rows.empty() ? std::nullopt : std::optional{read(rows[0])};
}

job_record retry_job(connection& db, std::int64_t id, const operator_action& by) {
  connection::deadline bounded{db};
  pqxx::work tx{db.raw()};
  lock_lane_of(tx, id);
  if (pgx::query(tx, revive_job, id).affected_rows() == 0)
    refuse(tx, id, "only failed and dead ones can be tried again");
  pgx::query(tx, join_lane, id);
  auto now_is = read_again(tx, id);
  append_audit_line(tx, by, "job retried", subject_of(now_is));
  tx.commit();
  return now_is;
}

job_record bury_job(connection& db, std::int64_t id, const operator_action& by) {
  connection::deadline bounded{db};
  pqxx::work tx{db.raw()};
  const auto key = lock_lane_of(tx, id);
  if (pgx::query(tx, bury_pending_job, id, "buried by an operator (" + by.who + ")").affected_rows() == 0)
    refuse(tx, id, "only pending ones can be buried");
  pgx::query(tx, leave_lane, key, id);
  auto keys = text_array{};
  keys.add(key);
  pgx::query(tx, advance_job_lanes, keys.parameter());
  auto now_is = read_again(tx, id);
  append_audit_line(tx, by, "job buried", subject_of(now_is));
  tx.commit();
  return now_is;
}

job_counts count_jobs(connection& db, const std::vector<std::string>& kinds) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  auto array = text_array{};
  for (const auto& x : kinds)
    array.add(x);
  const auto row = pgx::query(tx, count_jobs_sql, array.parameter())[0];
  const auto number = [&](int column) { return row[column].as<std::int64_t>(); };
  return {number(0), number(1), number(2), number(3), row[4].as<double>()};
}

long forget_jobs(connection& db, timestamp now, const retention_settings& keep) {
  const auto forget = [&](const std::string& state, unsigned days) {
    const auto oldest = to_rfc3339(now - std::chrono::hours{24} * days);
    connection::deadline bounded{db};
    pqxx::work tx{db.raw()};
    const auto forgotten = static_cast<long>(pgx::query(tx, forget_finished, state, oldest).affected_rows());
    tx.commit();
    return forgotten;
  };
  advance_headless_lanes(db);
  return forget("succeeded", keep.jobs_days) + forget("failed", keep.jobs_failed_days) + forget("dead", keep.jobs_failed_days);
}

} // namespace ingot::storage
