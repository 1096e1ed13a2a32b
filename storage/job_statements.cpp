#include "storage/job_statements.hpp"

#include "config/failpoints.hpp"
#include "storage/binary_array.hpp"
#include "storage/switched_statements.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace ingot::storage {

namespace {

// New jobs, and their keys' lanes: a key without one gets its first job as the head. Rows go in the order of keys, so that two
// transactions that enqueue for the same keys wait for each other instead of deadlocking. The lane's row lock puts an enqueuer
// before or behind whoever advances that lane. Ids are given first: they tell which job is which of the input.
constexpr std::string_view enqueue_before = R"sql(
  WITH u AS MATERIALIZED (
    SELECT nextval('jobs_id_seq') AS id, t.* FROM (SELECT * FROM ()sql";
constexpr std::string_view enqueue_behind = R"sql() s ORDER BY s.key COLLATE "C", s.number) t
  ), added AS (
    INSERT INTO jobs (id, kind, key, dedupe_key, payload, priority, body)
    SELECT u.id, u.kind, u.key, u.dedupe_key, u.payload::jsonb, u.priority, u.body FROM u ORDER BY u.id
    ON CONFLICT (dedupe_key) DO NOTHING
    RETURNING id, kind, key, priority, run_at
  ), lanes AS (
    INSERT INTO job_lanes AS l (key, job_id, kind, priority, run_at, jobs)
    SELECT DISTINCT ON (a.key) a.key, a.id, a.kind, a.priority, a.run_at, count(*) OVER (PARTITION BY a.key)
    FROM added a ORDER BY a.key, a.id
    ON CONFLICT (key) DO UPDATE SET jobs = l.jobs + excluded.jobs
  )
  SELECT u.number, a.id FROM added a JOIN u ON u.id = a.id
)sql";

// The jobs of six arrays, in their order.
constexpr std::string_view enqueued_sql = R"sql(
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int2[], $6::bytea[])
    WITH ORDINALITY AS t (kind, key, dedupe_key, payload, priority, body, number)
)sql";

// Jobs that were enqueued before under the same dedupe keys. A statement of its own: it sees those, too, whose transaction the
// enqueueing waited for.
constexpr auto find_deduped_jobs_sql = R"sql(
  SELECT u.number, j.id FROM unnest($1::text[]) WITH ORDINALITY AS u (dedupe_key, number) JOIN jobs j ON j.dedupe_key = u.dedupe_key
)sql";

// Locks a job that is still leased under this token, or ends the transaction.
constexpr auto fence_job_sql = R"sql(
  WITH held AS MATERIALIZED (
    SELECT FROM jobs j JOIN unnest($1::int8[], $2::text[]) AS u (id, token) ON j.id = u.id
    WHERE j.state = 'running' AND j.lease_token = u.token::uuid FOR UPDATE OF j
  )
  SELECT ingot_job_lost(u.id) FROM unnest($1::int8[]) AS u (id) WHERE NOT EXISTS (SELECT FROM held)
)sql";

// The end of attempts, each under its token (law 2: a lost lease changes nothing), those whose lanes nobody else holds: the lanes
// are locked from now on. The body of a job that succeeded is of no more use. What was not finished is told: still ours, or lost.
constexpr auto finish_jobs_sql = R"sql(
  WITH u AS MATERIALIZED (
    SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::text[])
      AS t (id, token, state, result, error, delay_ms, key)
  ), lanes AS MATERIALIZED (
    SELECT l.key FROM job_lanes l WHERE l.key = ANY($7::text[]) ORDER BY l.key FOR UPDATE SKIP LOCKED
  ), ours AS MATERIALIZED (
    SELECT j.id FROM u JOIN jobs j ON j.id = u.id
    WHERE j.state = 'running' AND j.lease_token = u.token::uuid
      AND (u.key COLLATE "C" IN (SELECT key FROM lanes) OR NOT EXISTS (SELECT FROM job_lanes l WHERE l.key = u.key))
    FOR UPDATE OF j SKIP LOCKED
  ), finished AS (
    UPDATE jobs j SET
      state = u.state, lease_token = NULL, lease_until = NULL, updated_at = now(),
      result = u.result::jsonb,
      attempts = j.attempts - (u.state = 'pending' AND u.error IS NULL)::int,
      body = CASE WHEN u.state = 'succeeded' THEN NULL ELSE j.body END,
      last_error = COALESCE(u.error, j.last_error),
      history = CASE WHEN u.error IS NULL THEN j.history ELSE ingot_job_history(j.history, j.attempts, u.error) END,
      run_at = CASE WHEN u.state = 'pending' THEN now() + u.delay_ms * interval '1 millisecond' ELSE j.run_at END,
      finished_at = CASE WHEN u.state = 'pending' THEN NULL ELSE now() END
    FROM u WHERE j.id = u.id AND j.state = 'running' AND j.lease_token = u.token::uuid AND u.id IN (SELECT id FROM ours)
    RETURNING j.id
  )
  SELECT u.id, EXISTS (SELECT FROM jobs j WHERE j.id = u.id AND j.state = 'running' AND j.lease_token = u.token::uuid)
  FROM u WHERE u.id NOT IN (SELECT id FROM finished)
)sql";

// Attempts that were not made after all, of those whose lanes nobody else holds. A job whose row is locked is being completed by
// its handler: to wait for it with all these lanes in hand would hold up everybody who enqueues, and end in a deadlock with it.
constexpr auto release_jobs_sql = R"sql(
  WITH lanes AS MATERIALIZED (
    SELECT l.key FROM job_lanes l WHERE l.key = ANY($3::text[]) ORDER BY l.key FOR UPDATE SKIP LOCKED
  ), ours AS MATERIALIZED (
    SELECT j.id FROM unnest($1::int8[], $2::text[]) AS u (id, token) JOIN jobs j ON j.id = u.id
    WHERE j.state = 'running' AND j.lease_token = u.token::uuid AND j.key IN (SELECT key FROM lanes)
    FOR UPDATE OF j SKIP LOCKED
  )
  UPDATE jobs j SET state = 'pending', lease_token = NULL, lease_until = NULL, attempts = j.attempts - 1, updated_at = now()
  FROM ours o WHERE j.id = o.id
)sql";

// Keeps enqueuers from lanes that are about to be advanced, in the order of keys. A statement of its own: the next one then sees
// every job that was enqueued before.
constexpr auto lock_job_lanes_sql = R"sql(
  SELECT FROM job_lanes WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE
)sql";

// Lanes whose head no longer runs, or no longer is, get their next job, or end. One whose head runs, elsewhere, stays as it is.
constexpr auto advance_job_lanes_sql = R"sql(
  WITH over AS MATERIALIZED (
    SELECT l.key, l.jobs - (h.id IS NULL OR h.state <> 'pending')::int AS jobs, n.id, n.kind, n.priority, n.run_at
    FROM unnest($1::text[]) AS u (key)
    JOIN job_lanes l ON l.key = u.key
    LEFT JOIN jobs h ON h.id = l.job_id
    LEFT JOIN LATERAL (SELECT j.id, j.kind, j.priority, j.run_at FROM jobs j
                       WHERE j.key = u.key AND j.state = 'pending' ORDER BY j.id LIMIT 1) n ON TRUE
    WHERE h.id IS NULL OR (h.state <> 'running' AND (l.running OR h.state <> 'pending'))
  ), ended AS (
    DELETE FROM job_lanes l USING over o WHERE l.key = o.key AND o.id IS NULL
  )
  UPDATE job_lanes l SET job_id = o.id, kind = o.kind, priority = o.priority, run_at = o.run_at, running = FALSE, jobs = o.jobs
  FROM over o WHERE l.key = o.key AND o.id IS NOT NULL
)sql";

// Jobs whose lease ran out, whose lanes run already; then due lanes' heads, by priority, then by how long they have been due; of
// each kind, these together, no more than it may have.
// MATERIALIZED, or the planner could lock and take more than the limit. A lane that was advanced a moment ago may name a job that
// this statement cannot see yet: only lanes whose job was taken begin to run. The cost depends on the limit and the number of
// kinds, not on how many jobs wait.
constexpr auto claim_jobs_sql = R"sql(
  WITH due AS MATERIALIZED (
    SELECT l.job_id AS id, FALSE AS again, k.kind, k.jobs_max, p.priority, l.run_at AS at
    FROM unnest($1::text[], $2::int8[]) AS k (kind, jobs_max)
    CROSS JOIN generate_series(0, 3) AS p (priority)
    CROSS JOIN LATERAL (SELECT x.job_id, x.run_at FROM job_lanes x
                        WHERE x.kind = k.kind AND x.priority = p.priority AND NOT x.running AND x.run_at <= now()
                        ORDER BY x.run_at LIMIT k.jobs_max FOR UPDATE SKIP LOCKED) l
  ), expired AS MATERIALIZED (
    SELECT l.id, TRUE AS again, k.kind, k.jobs_max, 0 AS priority, l.lease_until AS at
    FROM unnest($1::text[], $2::int8[]) AS k (kind, jobs_max)
    CROSS JOIN LATERAL (SELECT j.id, j.lease_until FROM jobs j
                        WHERE j.state = 'running' AND j.lease_until < now() AND j.kind = k.kind
                        ORDER BY j.lease_until LIMIT k.jobs_max FOR UPDATE SKIP LOCKED) l
  ), candidates AS (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY again DESC, priority, at) AS number
    FROM (TABLE expired UNION ALL TABLE due) x
  ), wanted AS MATERIALIZED (
    SELECT id, again FROM candidates WHERE number <= jobs_max ORDER BY again DESC, priority, at LIMIT ($3::int8[])[1]
  ), taken AS (
    UPDATE jobs j SET
      state = 'running', attempts = j.attempts + 1, lease_token = gen_random_uuid(),
      lease_until = now() + ($4::int8[])[1] * interval '1 millisecond', updated_at = now(),
      last_error = CASE WHEN w.again THEN 'its lease ran out' ELSE j.last_error END,
      history = CASE WHEN w.again THEN ingot_job_history(j.history, j.attempts, 'its lease ran out') ELSE j.history END
    FROM wanted w WHERE j.id = w.id AND (w.again OR j.state = 'pending')
    RETURNING j.id, j.lease_token, j.key, j.kind, j.payload, j.body, j.attempts, j.priority, w.again
  ), running AS (
    UPDATE job_lanes l SET running = TRUE FROM taken t WHERE l.key = t.key AND NOT t.again
  )
  SELECT id, lease_token, key, kind, payload, COALESCE(body, ''), attempts FROM taken ORDER BY priority, id
)sql";

// Leases that are still ours last longer. A row that is locked is being completed, or taken over.
constexpr auto renew_jobs_sql = R"sql(
  WITH held AS MATERIALIZED (
    SELECT j.id FROM unnest($1::int8[], $2::text[]) AS u (id, token) JOIN jobs j ON j.id = u.id
    WHERE j.state = 'running' AND j.lease_token = u.token::uuid FOR UPDATE OF j SKIP LOCKED
  )
  UPDATE jobs j SET lease_until = now() + ($3::int8[])[1] * interval '1 millisecond' FROM held h WHERE j.id = h.id
)sql";

/// Rows of `number` (counts from 1) and id: the ids at their places.
void place_ids(const answer& rows, job_ids& at) {
  for (auto i = 0; i < rows.rows(); ++i)
    at.at(static_cast<std::size_t>(rows.integer(i, 0) - 1)) = rows.integer(i, 1);
}

jobs_left left_of(const answer& rows) {
  auto out = jobs_left{};
  for (auto i = 0; i < rows.rows(); ++i)
    (rows.text(i, 1) == "t" ? out.held_up : out.lost).push_back(rows.integer(i, 0));
  return out;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

/// The parameter that names lanes: each once, in the order of keys.
template <class Items, class KeyOf>
text_array lanes_of(const Items& items, KeyOf key_of) {
  auto keys = std::vector<std::string_view>{};
  for (const auto& x : items)
    keys.push_back(key_of(x));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  auto array = text_array{};
  for (const auto& x : keys)
    array.add(x);
  return array;
}

/// The parameters that name leases.
struct lease_arrays {
  int8_array id;
  text_array token, key;

  void add(const job_lease& x) {
    id.add(x.id);
    token.add(x.token);
    key.add(x.key);
  }
};

/// The parameters that say what is enqueued.
struct job_arrays {
  text_array kind, key, dedupe_key, payload;
  int2_array priority;
  bytea_array body;

  void add(const new_job& x) {
    kind.add(x.kind);
    key.add(x.key);
    dedupe_key.add(unless_empty(x.dedupe_key));
    payload.add(x.payload.empty() ? "{}" : x.payload);
    priority.add(static_cast<std::int16_t>(std::clamp(x.priority, 0, job_priority_max)));
    body.add(unless_empty(x.body));
  }
};

/// The bytes of a bytea in its text form, `\x` and hexadecimal digits.
std::string unhex(std::string_view text) {
  constexpr auto digits = std::string_view{"0123456789abcdef"};
  auto bytes = std::string{};
  for (auto i = std::size_t{2}; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(digits.find(text[i]) << 4 | digits.find(text[i + 1]));
  return bytes;
}

std::vector<claimed_job> claimed_of(const answer& rows) {
  auto jobs = std::vector<claimed_job>{};
  for (auto i = 0; i < rows.rows(); ++i) {
    auto& x = jobs.emplace_back();
    x.lease = {rows.integer(i, 0), std::string{rows.text(i, 1)}, std::string{rows.text(i, 2)}, std::string{rows.text(i, 3)}};
    x.kind = x.lease.kind;
    x.payload = rows.text(i, 4);
    x.body = unhex(rows.text(i, 5));
    x.attempt = static_cast<int>(rows.integer(i, 6));
  }
  return jobs;
}

// Any attempt may write and end its job, whoever has it by now.
constexpr std::string_view under_its_token = "j.state = 'running' AND j.lease_token = u.token::uuid";
constexpr auto without_fencing = std::to_array<statement_switch>({
    {"fence_job", under_its_token, "TRUE"},
    {"finish_jobs", under_its_token, "TRUE"},
});

const std::string& enqueue_jobs_sql() {
  static const auto text = enqueue_statement(enqueued_sql);
  return text;
}

} // namespace

const char* const advance_job_lanes = advance_job_lanes_sql;

std::string enqueue_statement(std::string_view source) {
  return std::string{enqueue_before} + std::string{source} + std::string{enqueue_behind};
}

std::span<const named_statement> job_statements() {
  static const auto statements = std::to_array<named_statement>({
      {"enqueue_jobs", enqueue_jobs_sql().c_str()},
      {"find_deduped_jobs", find_deduped_jobs_sql},
      {"fence_job", fence_job_sql},
      {"finish_jobs", finish_jobs_sql},
      {"release_jobs", release_jobs_sql},
      {"lock_job_lanes", lock_job_lanes_sql},
      {"advance_job_lanes", advance_job_lanes_sql},
      {"claim_jobs", claim_jobs_sql},
      {"renew_jobs", renew_jobs_sql},
  });
  return switched(statements, test_switch::fencing, without_fencing);
}

void enqueue_jobs(pipeline& db, std::span<const new_job> jobs, job_ids_reader read) {
  if (jobs.empty())
    return;
  auto arrays = job_arrays{};
  for (const auto& x : jobs)
    arrays.add(x);
  const auto ids = std::make_shared<job_ids>(jobs.size());
  db.add("enqueue_jobs",
         {arrays.kind.parameter(), arrays.key.parameter(), arrays.dedupe_key.parameter(), arrays.payload.parameter(),
          arrays.priority.parameter(), arrays.body.parameter()},
         [ids](const answer& rows) { place_ids(rows, *ids); });
  if (read)
    db.add("find_deduped_jobs", {arrays.dedupe_key.parameter()}, [ids, read = std::move(read)](const answer& rows) {
      place_ids(rows, *ids);
      read(*ids);
    });
}

std::int64_t enqueue_job(pqxx::transaction_base& tx, const new_job& job) {
  auto arrays = job_arrays{};
  arrays.add(job);
  auto rows = pgx::query(tx, enqueue_jobs_sql(), arrays.kind.parameter(), arrays.key.parameter(), arrays.dedupe_key.parameter(),
                         arrays.payload.parameter(), arrays.priority.parameter(), arrays.body.parameter());
  if (rows.empty())
    rows = pgx::query(tx, find_deduped_jobs_sql, arrays.dedupe_key.parameter());
  return rows[0][1].as<std::int64_t>();
}

void fence_job(pqxx::transaction_base& tx, const job_lease& lease) {
  failpoint("fence_", lease.kind);
  auto arrays = lease_arrays{};
  arrays.add(lease);
  const auto all = job_statements();
  const auto fence = std::find_if(all.begin(), all.end(), [](const auto& x) { return x.first == std::string_view{"fence_job"}; });
  pgx::query(tx, fence->second, arrays.id.parameter(), arrays.token.parameter());
}

void fence_job(pqxx::transaction_base& tx, const job_lease* lease) {
  if (lease != nullptr)
    fence_job(tx, *lease);
}

void fence_job(pipeline& db, const job_lease& lease) {
  failpoint("fence_", lease.kind);
  auto arrays = lease_arrays{};
  arrays.add(lease);
  db.add("fence_job", {arrays.id.parameter(), arrays.token.parameter()});
}

void complete_jobs(pipeline& db, std::span<const job_completion> completions) {
  if (completions.empty())
    return;
  db.add("lock_job_lanes", {lanes_of(completions, [](const auto& x) { return std::string_view{x.lease.key}; }).parameter()});
  complete_free_jobs(db, completions, {});
}

void complete_free_jobs(pipeline& db, std::span<const job_completion> completions, jobs_left_reader read) {
  if (completions.empty())
    return;
  auto arrays = lease_arrays{};
  auto state = text_array{}, result = text_array{}, error = text_array{};
  auto delay_ms = int8_array{};
  for (const auto& x : completions) {
    arrays.add(x.lease);
    state.add(to_string(x.becomes));
    result.add(unless_empty(x.result));
    error.add(unless_empty(x.error));
    delay_ms.add(x.delay.count());
  }
  auto reader = pipeline::reader{};
  if (read)
    reader = [read = std::move(read)](const answer& rows) { read(left_of(rows)); };
  db.add("finish_jobs",
         {arrays.id.parameter(), arrays.token.parameter(), state.parameter(), result.parameter(), error.parameter(),
          delay_ms.parameter(), arrays.key.parameter()},
         std::move(reader));
  db.add("advance_job_lanes", {lanes_of(completions, [](const auto& x) { return std::string_view{x.lease.key}; }).parameter()});
}

void release_jobs(pipeline& db, std::span<const job_lease> leases) {
  if (leases.empty())
    return;
  auto arrays = lease_arrays{};
  for (const auto& x : leases)
    arrays.add(x);
  db.add("release_jobs", {arrays.id.parameter(), arrays.token.parameter(), arrays.key.parameter()});
  db.add("advance_job_lanes", {lanes_of(leases, [](const auto& x) { return std::string_view{x.key}; }).parameter()});
}

void claim_jobs(pipeline& db, std::span<const job_quota> kinds, std::size_t jobs_max, std::chrono::milliseconds lease,
                std::function<void(std::vector<claimed_job>)> read) {
  if (kinds.empty() || jobs_max == 0)
    return;
  auto kind = text_array{};
  auto quota = int8_array{}, limit = int8_array{}, lease_ms = int8_array{};
  for (const auto& x : kinds) {
    kind.add(x.kind);
    quota.add(static_cast<std::int64_t>(std::min(x.jobs_max, jobs_max)));
  }
  limit.add(static_cast<std::int64_t>(jobs_max));
  lease_ms.add(lease.count());
  db.add("claim_jobs", {kind.parameter(), quota.parameter(), limit.parameter(), lease_ms.parameter()},
         [read = std::move(read)](const answer& rows) { read(claimed_of(rows)); });
}

void renew_jobs(pipeline& db, std::span<const job_lease> leases, std::chrono::milliseconds lease) {
  if (leases.empty())
    return;
  auto arrays = lease_arrays{};
  for (const auto& x : leases)
    arrays.add(x);
  auto lease_ms = int8_array{};
  lease_ms.add(lease.count());
  db.add("renew_jobs", {arrays.id.parameter(), arrays.token.parameter(), lease_ms.parameter()});
}

} // namespace ingot::storage
