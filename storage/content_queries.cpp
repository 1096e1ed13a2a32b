#include "storage/content_queries.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// A repository that is not being removed.
constexpr auto readable_sql = R"sql(
  SELECT COALESCE(last_commit_sha, ''), COALESCE(last_branch, '') FROM provider_repositories
  WHERE id = $1 AND state <> 'removed' AND ($2::bool OR user_id = $3)
)sql";

// What read_file() takes.
const std::string file_columns = R"sql(
  SELECT f.path, f.sha, f.mode, f.size, COALESCE(f.skipped, ''), COALESCE(b.key, ''), COALESCE(b.mime_type, ''), b.language,
         COALESCE(b.is_binary, FALSE), b.lfs_oid, COALESCE(b.lfs_size, 0), c.sha, c.key, c.size, c.mime_type
  FROM repository_files f LEFT JOIN content_blobs b ON b.sha = f.sha AND f.skipped IS NULL
  LEFT JOIN repository_lfs_objects o ON o.repository_id = f.repository_id AND o.oid = b.lfs_oid
  LEFT JOIN content_blobs c ON c.sha = o.sha
)sql";

const std::string all_files_sql = file_columns + "WHERE f.repository_id = $1 AND f.path > $2 ORDER BY f.path LIMIT $3";

// `0` is the character behind `/`: what lies between begins with the folder's name and a slash. The plain bounds are for the
// index.
const std::string files_below_sql = file_columns + R"sql(
  WHERE f.repository_id = $1 AND f.path > $2 AND f.path >= $4 AND f.path < $4 || '0' AND (f.path = $4 OR f.path > $4 || '/')
  ORDER BY f.path LIMIT $3
)sql";

const std::string file_sql = file_columns + "WHERE f.repository_id = $1 AND f.path = $2";

content_file read_file(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = content_file{};
  out.path = text(0);
  out.sha = text(1);
  out.mode = row[2].as<std::uint32_t>();
  out.size = row[3].as<std::uint64_t>();
  out.skipped = text(4);
  out.key = text(5);
  out.mime_type = text(6);
  out.language = pgx::maybe<std::string>(row[7]);
  out.is_binary = row[8].as<bool>();
  out.lfs_oid = pgx::maybe<std::string>(row[9]);
  out.lfs_size = row[10].as<std::uint64_t>();
  if (!row[11].is_null())
    out.lfs_content = stored_content{text(11), text(12), row[13].as<std::uint64_t>(), text(14)};
  return out;
}

} // namespace

std::optional<readable_repository> find_readable(connection& db, std::int64_t repository_id,
                                                 const std::optional<std::string>& user) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, readable_sql, repository_id, !user.has_value(), user.value_or(""));
  if (rows.empty())
    return std::nullopt;
  return readable_repository{std::string{pgx::text(rows[0][0])}, std::string{pgx::text(rows[0][1])}};
}

std::vector<content_file> list_files(connection& db, std::int64_t repository_id, const std::string& path,
                                     const std::string& after, std::size_t limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto folder = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  const auto rows = folder.empty() ? pgx::query(tx, all_files_sql, repository_id, after, limit)
                                   : pgx::query(tx, files_below_sql, repository_id, after, limit, folder);
  auto out = std::vector<content_file>{};
  for (const auto& row : rows)
    out.push_back(read_file(row));
  return out;
}

std::optional<content_file> find_file(connection& db, std::int64_t repository_id, const std::string& path) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, file_sql, repository_id, path);
  return rows.empty() ? std::nullopt : std::optional{read_file(rows[0])};
}

} // namespace ingot::storage
