#include "storage/search_queries.hpp"

#include "model/json_object.hpp"
#include "storage/job_statements.hpp"
#include "storage/refused_change.hpp"
#include "storage/search_store.hpp"

namespace ingot::storage {

namespace {

// Of the generation that answers, with its own text search configuration. The innermost LIMIT bounds what is ranked; whether it
// was reached is told in every row. Snippets are made of the page alone.
constexpr auto find_documents_sql = R"sql(
  WITH state AS (SELECT generation, language::regconfig AS language FROM search_state),
  q AS (SELECT websearch_to_tsquery(s.language, $1) AS query FROM state s),
  found AS MATERIALIZED (
    SELECT d.kind, d.ref, ts_rank_cd(d.tsv, q.query) AS rank
    FROM q, LATERAL (SELECT x.kind, x.ref, x.tsv FROM search_documents x
                     WHERE x.tsv @@ q.query AND x.generation = (SELECT generation FROM state) LIMIT $6) d
  ), page AS MATERIALIZED (
    SELECT f.* FROM found f
    WHERE $2::float4 IS NULL OR f.rank < $2::float4 OR (f.rank = $2::float4 AND (f.kind, f.ref) > ($3, $4))
    ORDER BY f.rank DESC, f.kind, f.ref LIMIT $5
  )
  SELECT p.rank, p.kind, p.ref, d.url, d.title,
         ts_headline(s.language, translate(d.title || ' … ' || d.body, U&'\E000\E001', ''), q.query,
                     U&'StartSel="\E000", StopSel="\E001", MaxFragments=2, MinWords=8, MaxWords=30, FragmentDelimiter=" … "'),
         (SELECT count(*) FROM found)
  FROM page p CROSS JOIN state s CROSS JOIN q
  JOIN search_documents d ON d.generation = s.generation AND d.kind = p.kind AND d.ref = p.ref
  ORDER BY p.rank DESC, p.kind, p.ref
)sql";

// Is there such a text search configuration?
constexpr auto has_language = "SELECT EXISTS (SELECT FROM pg_ts_config WHERE cfgname = $1 AND pg_ts_config_is_visible(oid))";

// Requests for a rebuild go one after the other, over all nodes: the second one finds the first one's job.
constexpr auto lock_requests = "SELECT FROM search_state FOR NO KEY UPDATE";

// The rebuild that is not over yet.
constexpr auto unfinished_rebuild = "SELECT job_id FROM job_lanes WHERE key = $1";

// The job and its lane: there is no lane of that key, and nobody else makes one.
constexpr auto enqueue_rebuild = R"sql(
  WITH job AS (
    INSERT INTO jobs (kind, key, payload, priority) VALUES ($1, $2, $3::jsonb, 3) RETURNING id, kind, key, priority, run_at
  ), lane AS (
    INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT key, id, kind, priority, run_at, 1 FROM job
  )
  SELECT id FROM job
)sql";

// What a rebuild's job says, and how far it has come.
constexpr auto rebuild_of_job = R"sql(
  SELECT j.id, j.state, COALESCE(r.phase, ''), COALESCE(r.documents, 0), r.generation,
         (extract(epoch FROM r.started_at) * 1000000)::int8, (extract(epoch FROM r.finished_at) * 1000000)::int8,
         COALESCE(j.last_error, '')
  FROM jobs j LEFT JOIN search_rebuilds r ON r.job_id = j.id
  WHERE j.id = $1 AND j.kind = $2
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

search_hit read_hit(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  return {{text(0), text(1), text(2)}, text(3), text(4), text(5)};
}

} // namespace

search_answer find_documents(connection& db, const std::string& words, const std::optional<search_place>& after, unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows =
      after ? pgx::query(tx, find_documents_sql, words, after->rank, after->kind, after->ref, limit, search_ranked_max)
            : pgx::query(tx, find_documents_sql, words, std::nullopt, std::string{}, std::string{}, limit, search_ranked_max);
  auto out = search_answer{};
  for (const auto& row : rows) {
    out.hits.push_back(read_hit(row));
    out.ranked_all = row[6].as<int>() < search_ranked_max;
  }
  return out;
}

search_rebuild_start start_search_rebuild(connection& db, const std::string& language) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (!pgx::query(tx, has_language, language)[0][0].as<bool>())
    throw refused_change{{fault::not_configured,
                          "this database has no text search configuration `" + language + "`; set search.language to one of \\dF",
                          {}}};
  tx.exec(lock_requests);
  if (const auto running = pgx::query(tx, unfinished_rebuild, search_rebuild_key); !running.empty())
    return {running[0][0].as<std::int64_t>(), false};
  const auto payload = json_object{}.add("language", language).text();
  const auto rows = pgx::query(tx, enqueue_rebuild, search_rebuild_kind, search_rebuild_key, payload);
  const auto out = search_rebuild_start{rows[0][0].as<std::int64_t>(), true};
  tx.commit();
  return out;
}

std::optional<search_rebuild_record> find_search_rebuild(connection& db, std::int64_t job_id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, rebuild_of_job, job_id, search_rebuild_kind);
  if (rows.empty())
    return std::nullopt;
  const auto& row = rows[0];
  auto out = search_rebuild_record{};
  out.job_id = row[0].as<std::int64_t>();
  out.status = pgx::text(row[1]);
  out.phase = pgx::text(row[2]);
  out.documents = row[3].as<std::int64_t>();
  out.generation = pgx::maybe<std::int64_t>(row[4]);
  out.started_at = read_time(row[5]);
  out.finished_at = read_time(row[6]);
  out.error = pgx::text(row[7]);
  return out;
}

} // namespace ingot::storage
