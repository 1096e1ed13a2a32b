#include "storage/release_fetches.hpp"

#include "model/json_object.hpp"
#include "model/time.hpp"
#include "storage/job_statements.hpp"
#include "storage/pgx.hpp"
#include "storage/pipeline.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace ingot::storage {

namespace {

/// Jobs in one transaction.
constexpr std::size_t enqueue_batch = 500;

// Of one project.
constexpr auto conditions_of_project =
    "SELECT COALESCE(etag, ''), COALESCE(last_modified, '') FROM drupal_projects WHERE project = $1";

// The project may be unknown yet.
constexpr auto note_failure = R"sql(
  INSERT INTO drupal_projects (project, fetched_at, error) VALUES ($1, $2::timestamptz, $3)
  ON CONFLICT (project) DO UPDATE SET fetched_at = excluded.fetched_at, error = excluded.error
)sql";

// Whose modules some site has enabled now.
constexpr auto projects_in_use = R"sql(
  SELECT DISTINCT m.project
  FROM modules m
  WHERE m.module_type <> 'custom' AND m.project ~ '^[A-Za-z0-9_-]+$'
    AND EXISTS (SELECT FROM site_modules s WHERE s.module_id = m.id AND s.enabled AND s.removed_at IS NULL)
  ORDER BY m.project
)sql";

std::vector<new_job> jobs_in_use(connection& db, std::string_view period) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<new_job>{};
  for (const auto& row : pgx::query(tx, projects_in_use)) {
    auto& x = out.emplace_back();
    const auto project = pgx::text(row[0]);
    x.kind = release_job_kind;
    x.key = release_job_key(project);
    x.dedupe_key = x.key + "@" + std::string{period};
    x.payload = json_object{}.add("project", project).text();
    x.priority = job_priority_max;
  }
  return out;
}

} // namespace

std::string release_job_key(std::string_view project) {
  return "drupal/releases/" + std::string{project};
}

release_fetch last_release_fetch(connection& db, const std::string& project) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, conditions_of_project, project);
  if (rows.empty())
    return {};
  return {{}, std::string{pgx::text(rows[0][0])}, std::string{pgx::text(rows[0][1])}};
}

void record_release_failure(connection& db, const std::string& project, const std::string& error, timestamp at,
                            const job_lease* job) {
  const auto limit = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, job);
  pgx::query(tx, note_failure, project, to_rfc3339(at), error);
  tx.commit();
}

std::size_t enqueue_release_fetches(const std::string& url, const database_settings& settings, std::string_view period) {
  auto db = connection{url, settings};
  const auto jobs = jobs_in_use(db, period);
  auto queue = pipeline{url, settings, job_statements()};
  for (auto rest = std::span{jobs}; !rest.empty(); rest = rest.subspan(std::min(rest.size(), enqueue_batch))) {
    const auto limit = queue.within_statement_timeout();
    enqueue_jobs(queue, rest.first(std::min(rest.size(), enqueue_batch)));
    queue.run(); // a transaction of its own
  }
  return jobs.size();
}

} // namespace ingot::storage
