#include "storage/pull_request_files.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"

namespace ingot::storage {

namespace {

// A live credential of the installation: the node's own before a user's, so that it does not change with users.
constexpr auto subject_of_number = R"sql(
  SELECT r.full_name, p.commit_sha,
         (SELECT c.id FROM provider_credentials c
          WHERE c.installation_id = COALESCE(r.installation_id, $3::int8) AND c.kind = 'installation' AND c.state = 'live'
          ORDER BY c.user_id, c.id LIMIT 1)
  FROM repositories r JOIN pull_requests p ON p.repo_id = r.id
  WHERE r.github_id = $1 AND p.pr_number = $2
)sql";

// The row, which nobody changes until this transaction ends, and whether the list is of its present head.
constexpr auto lock_pull_request = R"sql(
  SELECT p.id, p.commit_sha = $3 FROM pull_requests p JOIN repositories r ON r.id = p.repo_id
  WHERE r.github_id = $1 AND p.pr_number = $2 FOR UPDATE OF p
)sql";

// Readers are told only of a list that differs.
constexpr auto write_files = R"sql(
  UPDATE pull_requests SET files_changed = $2::jsonb[], processed = FALSE, updated_at = now()
  WHERE id = $1::uuid AND files_changed IS DISTINCT FROM $2::jsonb[]
)sql";

} // namespace

const char* to_string(files_written x) noexcept {
  switch (x) {
  case files_written::stored:
    return "stored";
  case files_written::unchanged:
    return "unchanged";
  case files_written::superseded:
    break;
  }
  return "superseded";
}

std::optional<files_subject> find_files_subject(connection& db, std::int64_t github_id, std::int64_t number,
                                                std::int64_t installation_id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, subject_of_number, github_id, number, installation_id);
  if (rows.empty())
    return std::nullopt;
  return files_subject{std::string{pgx::text(rows[0][0])}, std::string{pgx::text(rows[0][1])},
                       pgx::maybe<std::int64_t>(rows[0][2]).value_or(0)};
}

files_written store_pull_request_files(connection& db, const job_lease& lease, const files_target& x,
                                       const std::vector<std::string>& files) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, lease);
  const auto rows = pgx::query(tx, lock_pull_request, x.github_id, x.number, x.head_sha);
  if (rows.empty() || !rows[0][1].as<bool>())
    return files_written::superseded;
  auto list = jsonb_array{};
  for (const auto& file : files)
    list.add(file);
  const auto changed = pgx::query(tx, write_files, std::string{pgx::text(rows[0][0])}, list.parameter()).affected_rows() > 0;
  tx.commit();
  return changed ? files_written::stored : files_written::unchanged;
}

} // namespace ingot::storage
