#include "storage/mcp_server_queries.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// What read_version() takes. What a server's other versions tell changes with its status, and when another one becomes the
// current.
const std::string version_columns = R"sql(
  SELECT s.name, v.version, v.manifest, s.status, v.version = s.version AS current,
         (extract(epoch FROM v.published_at) * 1000000)::int8 AS published,
         (extract(epoch FROM CASE WHEN v.version = s.version OR s.status <> 'active' THEN s.updated_at ELSE v.updated_at END)
          * 1000000)::int8 AS updated
  FROM mcp_servers s JOIN mcp_server_versions v ON v.server_id = s.id
)sql";

/// Of a page as many rows as there is room for in `$1` bytes of manifests, one at least; and how many it has.
std::string within_bytes(const std::string& page, const std::string& order) {
  return "SELECT name, version, manifest, status, current, published, updated, total FROM (SELECT p.*, count(*) OVER () AS "
         "total, "
         "sum(octet_length(manifest)) OVER (ORDER BY " +
         order + ") - octet_length(manifest) AS before FROM (" + page + ") p) q WHERE before < $1 ORDER BY " + order;
}

// A page over all servers.
const std::string page_of_versions = within_bytes(version_columns + R"sql(
  WHERE s.name >= $2 AND (s.name, v.version) > ($2, $3) AND ($4 = '' OR strpos(lower(s.name), lower($4)) > 0)
    AND CASE WHEN $5 = '' THEN s.status <> 'deleted'
             ELSE s.updated_at >= NULLIF($5, '')::timestamptz
              AND (v.version = s.version OR s.status <> 'active' OR v.updated_at >= NULLIF($5, '')::timestamptz) END
    AND (NOT $6 OR v.version = s.version) AND ($7 = '' OR v.version = $7)
  ORDER BY s.name, v.version LIMIT $8
)sql",
                                                  "name, version");

// A page of one server's, the newest first; two of one moment by version.
const std::string page_of_server = within_bytes(version_columns + R"sql(
  WHERE s.name = $2
    AND ($3 = '' OR (v.published_at, v.version) < (SELECT w.published_at, w.version FROM mcp_server_versions w
                                                   WHERE w.server_id = s.id AND w.version = $3))
  ORDER BY v.published_at DESC, v.version DESC LIMIT $4
)sql",
                                                "published DESC, version DESC");

// Is there such a server?
constexpr auto has_server = "SELECT EXISTS (SELECT FROM mcp_servers WHERE name = $1)";

const std::string version_of_server = version_columns + "WHERE s.name = $1 AND v.version = COALESCE(NULLIF($2, ''), s.version)";

// What is told of one server besides its manifest.
constexpr auto details_of_server = R"sql(
  SELECT repository_id, repository_url, manifest_path, manifest_sha, COALESCE(status_reason, ''), COALESCE(readme_path, ''),
         COALESCE(readme_sha, ''), COALESCE(readme_html, ''), COALESCE(readme_facts::text, ''), metadata::text
  FROM mcp_servers WHERE name = $1
)sql";

timestamp read_time(const pqxx::field& x) {
  return timestamp{std::chrono::microseconds{x.as<std::int64_t>()}};
}

server_version read_version(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  return {text(0), text(1), text(2), text(3), row[4].as<bool>(), read_time(row[5]), read_time(row[6])};
}

/// A page that was asked for with a row more than it may have.
server_page read_page(const pqxx::result& rows, unsigned limit) {
  auto out = server_page{};
  for (const auto& row : rows)
    if (out.versions.size() < limit)
      out.versions.push_back(read_version(row));
  out.more = !rows.empty() && rows[0][7].as<std::size_t>() > out.versions.size();
  return out;
}

} // namespace

server_page list_server_versions(connection& db, const server_page_query& x) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  return read_page(pgx::query(tx, page_of_versions, server_page_bytes_max, x.after_name, x.after_version, x.search,
                              x.updated_since ? to_rfc3339(*x.updated_since) : std::string{}, x.latest_only, x.version,
                              x.limit + 1),
                   x.limit);
}

std::optional<server_page> list_versions_of(connection& db, const std::string& name, const std::string& after_version,
                                            unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (!pgx::query(tx, has_server, name)[0][0].as<bool>())
    return std::nullopt;
  return read_page(pgx::query(tx, page_of_server, server_page_bytes_max, name, after_version, limit + 1), limit);
}

std::optional<server_version> find_server_version(connection& db, const std::string& name, const std::string& version) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, version_of_server, name, version);
  return rows.empty() ? std::nullopt : std::optional{read_version(rows[0])};
}

std::optional<server_details> find_server_details(connection& db, const std::string& name) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, details_of_server, name);
  if (rows.empty())
    return std::nullopt;
  const auto text = [&](int column) { return std::string{pgx::text(rows[0][column])}; };
  return server_details{
      pgx::maybe<std::int64_t>(rows[0][0]), text(1), text(2), text(3), text(4), text(5), text(6), text(7), text(8), text(9)};
}

} // namespace ingot::storage
