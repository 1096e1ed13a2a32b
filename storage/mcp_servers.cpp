#include "storage/mcp_servers.hpp"

#include "storage/refused_change.hpp"
#include "storage/search_documents.hpp"

#include <algorithm>
#include <array>

namespace ingot::storage {

namespace {

constexpr auto search_kind = std::string_view{"mcp_server"};

/// Why a server is deprecated, unless an operator said so.
constexpr auto said_by_manifest = std::string_view{"its manifest says so"};

// An observation has the time of the node that made it, and a node's clock may be wrong: nothing is kept as observed later than
// the database's now, and what is there of that kind counts as older than anything. That now is clock_timestamp(): now() is when
// this transaction began, and what another one wrote since then does not come from the future.

// The server of a name, kept from all others until the transaction ends.
constexpr auto lock_server = R"sql(
  SELECT id, version, status, repository_id, repository_key, manifest_sha, COALESCE(status_reason, ''), manifest_path,
         (observed_at <= $2::timestamptz OR observed_at > clock_timestamp())
  FROM mcp_servers WHERE name = $1 FOR NO KEY UPDATE
)sql";

// A new server; nothing when another transaction was quicker.
constexpr auto insert_server = R"sql(
  INSERT INTO mcp_servers (name, version, title, description, repository_id, repository_url, repository_key, manifest_path,
                           manifest_sha, metadata, observed_at, status, status_reason)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, LEAST($11::timestamptz, clock_timestamp()), $12, NULLIF($13, ''))
  ON CONFLICT (name) DO NOTHING RETURNING id
)sql";

// The version once; a row that is there stays as it is
constexpr auto insert_version = R"sql(
  INSERT INTO mcp_server_versions (server_id, version, manifest, manifest_sha) VALUES ($1, $2, $3, $4)
  ON CONFLICT (server_id, version) DO NOTHING
)sql";

// The text that a version was published with.
constexpr auto stored_version = R"sql(
  SELECT manifest_sha FROM mcp_server_versions WHERE server_id = $1 AND version = $2
)sql";

// What a newer manifest says of a server.
constexpr auto update_server = R"sql(
  UPDATE mcp_servers SET version = $2, title = $3, description = $4, repository_id = COALESCE($5, repository_id),
    repository_url = $6, repository_key = $7, manifest_path = $8, manifest_sha = $9, metadata = $10::jsonb,
    observed_at = LEAST($11::timestamptz, clock_timestamp()), status = $12, status_reason = NULLIF($13, ''),
    updated_at = now()
  WHERE id = $1
)sql";

// The versions that became and ceased to be the current one.
constexpr auto touch_versions = "UPDATE mcp_server_versions SET updated_at = now() WHERE server_id = $1 AND version IN ($2, $3)";

// Does this row still follow the branch that is listed? What it publishes is nobody else's then.
constexpr auto still_follows = R"sql(
  SELECT EXISTS (SELECT FROM provider_repositories
                 WHERE id = $1 AND state = 'active' AND manifests AND COALESCE(branch, '') IN ('', default_branch))
)sql";

// Of a server s: it is published from the repository $2, whose address is $3, or from nobody's any more.
const auto is_held = std::string{R"sql(
  (s.repository_id = $2::int8 OR (s.repository_key = $3 AND NOT EXISTS (
    SELECT FROM provider_repositories h
    WHERE h.id = s.repository_id AND h.state = 'active' AND h.manifests AND COALESCE(h.branch, '') IN ('', h.default_branch))))
)sql"};

// It is as it was, and known to be so at a later time.
constexpr auto observe_server = R"sql(
  UPDATE mcp_servers SET observed_at = LEAST($2::timestamptz, clock_timestamp())
  WHERE id = $1 AND (observed_at < LEAST($2::timestamptz, clock_timestamp()) OR observed_at > clock_timestamp())
)sql";

// The README beside the manifest. @returns a row when it is another one
constexpr auto update_readme = R"sql(
  UPDATE mcp_servers SET readme_path = NULLIF($2, ''), readme_sha = NULLIF($3, ''), readme = CASE WHEN $2 = '' THEN NULL ELSE $4 END,
    readme_html = CASE WHEN $2 = '' THEN NULL ELSE $5 END, readme_facts = NULLIF($6, '')::jsonb, updated_at = now()
  WHERE id = $1 AND (readme_sha, readme_path, readme_html)
    IS DISTINCT FROM (NULLIF($3, ''), NULLIF($2, ''), CASE WHEN $2 = '' THEN NULL ELSE $5 END)
  RETURNING id
)sql";

// A server that is listed and published from there.
const auto id_of_held_server =
    "SELECT s.id FROM mcp_servers s WHERE s.name = $1 AND s.status <> 'deleted' AND " + is_held + " FOR NO KEY UPDATE OF s";

// Takes a server off the list whose manifest lay at this path.
const auto retire_statement = R"sql(
  UPDATE mcp_servers s SET status = 'deleted', status_reason = NULLIF($5, ''),
    observed_at = LEAST($6::timestamptz, clock_timestamp()), updated_at = now()
  WHERE s.name = $1 AND s.manifest_path = $4 AND s.status <> 'deleted'
    AND (s.observed_at <= $6::timestamptz OR s.observed_at > clock_timestamp()) AND )sql" +
                              is_held + " RETURNING s.id";

// What the search finds of a server.
constexpr auto search_text_of_server = R"sql(
  SELECT repository_url, CASE WHEN title = '' THEN name ELSE title END,
         name || E'\n' || description || E'\n' || left(COALESCE(readme, ''), 100000)
  FROM mcp_servers WHERE id = $1
)sql";

// What read_listed() takes.
const std::string listed_columns = R"sql(
  SELECT s.id, s.name, s.version, s.status, s.repository_id, s.repository_url, v.manifest
  FROM mcp_servers s JOIN mcp_server_versions v ON v.server_id = s.id AND v.version = s.version
)sql";

const std::string server_of_name = listed_columns + "WHERE s.name = $1";
const std::string server_of_repository =
    listed_columns + "WHERE s.repository_key = $1 AND s.status <> 'deleted' ORDER BY s.id LIMIT 1";

// Another status, by an observation that is not older. @returns its id
constexpr auto update_status = R"sql(
  UPDATE mcp_servers SET status = $2, status_reason = NULLIF($3, ''),
    observed_at = LEAST($4::timestamptz, clock_timestamp()), updated_at = now()
  WHERE name = $1 AND status <> $2 AND (observed_at <= $4::timestamptz OR observed_at > clock_timestamp()) RETURNING id
)sql";

listed_server read_listed(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  return {row[0].as<std::int64_t>(), text(1), text(2), text(3), pgx::maybe<std::int64_t>(row[4]), text(5), text(6)};
}

/// `github.com/owner/name`, lower case: what addresses of one repository have in common.
std::string key_of_repository(std::string_view url) {
  const auto scheme = url.find("://");
  url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  if (url.starts_with("www."))
    url.remove_prefix(4);
  url = url.substr(0, url.find_first_of("?#"));
  while (url.ends_with('/'))
    url.remove_suffix(1);
  if (url.ends_with(".git"))
    url.remove_suffix(4);
  auto out = std::string{url};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

void write_document(pqxx::transaction_base& tx, std::int64_t id, const std::string& name) {
  const auto row = pgx::query(tx, search_text_of_server, id)[0];
  const auto document = std::array{search_document{search_kind, name, pgx::text(row[0]), pgx::text(row[1]), pgx::text(row[2])}};
  write_search_documents(tx, document);
}

/// One publication, step by step.
class publication {
public:
  publication(pqxx::transaction_base& tx, const server_publication& x, const operator_action& by)
      : tx_(tx), x_(x), by_(by), url_(!x.repository_url.empty() ? x.repository_url
                                      : x.what.repository       ? x.what.repository->url
                                                                : std::string{}),
        key_(key_of_repository(url_)), observed_(to_rfc3339(x.observed_at)) {}

  published run() {
    hold_search(tx_);
    if (const auto rows =
            pgx::query(tx_, insert_server, x_.what.name, x_.what.version, x_.what.title, x_.what.description, x_.repository_id,
                       url_, key_, x_.path, x_.sha, mcp::metadata_json(x_.what), observed_, wanted_status(), wanted_reason());
        !rows.empty()) {
      const auto id = rows[0][0].as<std::int64_t>();
      pgx::query(tx_, insert_version, id, x_.what.version, x_.text, x_.sha);
      return written(id, published::listed);
    }
    const auto rows = pgx::query(tx_, lock_server, x_.what.name, observed_);
    if (rows.empty())
      throw refused_change{{fault::conflict, "the server " + x_.what.name + " is being changed", {}}};
    return next_version(rows[0]);
  }

private:
  published next_version(const pqxx::row& now) {
    const auto id = now[0].as<std::int64_t>();
    const auto owner = pgx::maybe<std::int64_t>(now[3]);
    const auto key = pgx::text(now[4]);
    const auto same_row = owner && x_.repository_id && *owner == *x_.repository_id; // which may have been renamed
    if (!same_row && key != key_)
      return published::name_taken;
    if (!now[8].as<bool>())
      return published::superseded;
    if (owner && x_.repository_id && !same_row && pgx::query(tx_, still_follows, *owner)[0][0].as<bool>())
      return is_current(now) ? published::unchanged : published::held_elsewhere;
    pgx::query(tx_, insert_version, id, x_.what.version, x_.text, x_.sha);
    if (pgx::text(pgx::query(tx_, stored_version, id, x_.what.version)[0][0]) != x_.sha)
      return published::version_taken;
    // Who deprecated it by hand takes that back by hand.
    const auto by_hand = pgx::text(now[2]) == "deprecated" && pgx::text(now[6]) != said_by_manifest;
    const auto status = by_hand ? std::string{"deprecated"} : wanted_status();
    if (is_current(now) && pgx::text(now[2]) == status && key == key_ && (owner || !x_.repository_id)) {
      pgx::query(tx_, observe_server, id, observed_);
      return written(id, published::unchanged);
    }
    pgx::query(tx_, update_server, id, x_.what.version, x_.what.title, x_.what.description, x_.repository_id, url_, key_, x_.path,
               x_.sha, mcp::metadata_json(x_.what), observed_, status,
               by_hand ? std::string{pgx::text(now[6])} : wanted_reason());
    if (pgx::text(now[1]) != x_.what.version)
      pgx::query(tx_, touch_versions, id, pgx::text(now[1]), x_.what.version);
    return written(id, published::updated);
  }

  /// Is this very manifest the one that is listed?
  bool is_current(const pqxx::row& now) const {
    return pgx::text(now[1]) == x_.what.version && pgx::text(now[5]) == x_.sha && pgx::text(now[2]) != "deleted" &&
           pgx::text(now[7]) == x_.path;
  }

  std::string wanted_status() const { return x_.what.deprecated ? "deprecated" : "active"; }
  std::string wanted_reason() const { return std::string{x_.what.deprecated ? said_by_manifest : std::string_view{}}; }

  published written(std::int64_t id, published so_far) {
    if (const auto& it = x_.readme)
      if (!pgx::query(tx_, update_readme, id, it->path, it->sha, it->text, it->html, it->facts).empty() &&
          so_far == published::unchanged)
        so_far = published::updated;
    if (so_far == published::unchanged)
      return so_far;
    write_document(tx_, id, x_.what.name);
    append_audit_line(tx_, by_, so_far == published::listed ? "server listed" : "server updated", "server " + x_.what.name,
                      "version " + x_.what.version);
    return so_far;
  }

  pqxx::transaction_base& tx_;
  const server_publication& x_;
  const operator_action& by_;
  std::string url_, key_, observed_;
};

} // namespace

std::string_view to_string(published x) noexcept {
  switch (x) {
  case published::listed:
    return "listed";
  case published::updated:
    return "updated";
  case published::unchanged:
    return "unchanged";
  case published::superseded:
    return "superseded";
  case published::name_taken:
    return "name_taken";
  case published::held_elsewhere:
    return "held_elsewhere";
  case published::version_taken:
    break;
  }
  return "version_taken";
}

published publish_server(pqxx::transaction_base& tx, const server_publication& x, const operator_action& by) {
  return publication{tx, x, by}.run();
}

std::optional<listed_server> find_listed_server(pqxx::transaction_base& tx, std::string_view name) {
  const auto rows = pgx::query(tx, server_of_name, name);
  return rows.empty() ? std::nullopt : std::optional{read_listed(rows[0])};
}

std::optional<listed_server> find_server_of_repository(pqxx::transaction_base& tx, std::string_view repository_url) {
  const auto key = key_of_repository(repository_url);
  if (key.empty())
    return std::nullopt;
  const auto rows = pgx::query(tx, server_of_repository, key);
  return rows.empty() ? std::nullopt : std::optional{read_listed(rows[0])};
}

bool set_server_readme(pqxx::transaction_base& tx, std::string_view name, const server_holder& of, const server_readme& x,
                       const operator_action& by) {
  hold_search(tx);
  const auto found = pgx::query(tx, id_of_held_server, name, of.repository_id, key_of_repository(of.repository_url));
  if (found.empty())
    return false;
  const auto id = found[0][0].as<std::int64_t>();
  if (pgx::query(tx, update_readme, id, x.path, x.sha, x.text, x.html, x.facts).empty())
    return false;
  write_document(tx, id, std::string{name});
  append_audit_line(tx, by, "server updated", "server " + std::string{name}, "README");
  return true;
}

bool retire_server(pqxx::transaction_base& tx, std::string_view name, const server_holder& of, std::string_view path,
                   const std::string& reason, timestamp observed_at, const operator_action& by) {
  hold_search(tx);
  if (pgx::query(tx, retire_statement, name, of.repository_id, key_of_repository(of.repository_url), path, reason,
                 to_rfc3339(observed_at))
          .empty())
    return false;
  remove_search_document(tx, search_kind, name);
  append_audit_line(tx, by, "server deleted", "server " + std::string{name}, reason);
  return true;
}

bool set_server_status(pqxx::transaction_base& tx, std::string_view name, std::string_view status, const std::string& reason,
                       timestamp observed_at, const operator_action& by) {
  hold_search(tx);
  const auto rows = pgx::query(tx, update_status, name, status, reason, to_rfc3339(observed_at));
  if (rows.empty())
    return false;
  status == "deleted" ? remove_search_document(tx, search_kind, name)
                      : write_document(tx, rows[0][0].as<std::int64_t>(), std::string{name});
  append_audit_line(tx, by, "server " + std::string{status}, "server " + std::string{name}, reason);
  return true;
}

void change_server_status(connection& db, const std::string& name, const std::string& status, const operator_action& by) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto listed = find_listed_server(tx, name);
  if (!listed)
    throw refused_change{{fault::not_found, "there is no server " + name, {}}};
  if (listed->status == "deleted")
    throw refused_change{{fault::conflict, "the server " + name + " is deleted: its manifest brings it back", {}}};
  set_server_status(tx, name, status, status == "deprecated" ? "an operator said so" : "", by.at, by);
  tx.commit();
}

} // namespace ingot::storage
