#include "storage/manifest_checks.hpp"

#include "model/mcp/manifest_places.hpp"
#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/search_documents.hpp"

#include <algorithm>
#include <set>

namespace ingot::storage {

namespace {

constexpr std::size_t candidates_max = 5'000;
constexpr std::size_t standings_max = 1'000;

/// What of a repository decides whether its servers are listed: when that changes it is to be looked at again. Not empty.
const auto standing = std::string{R"sql(
  (state || CASE WHEN is_private THEN ' private ' ELSE ' public ' END
         || CASE WHEN COALESCE(branch, '') IN ('', default_branch) THEN '' ELSE 'branch ' END || owner || '/' || name)
)sql"};

// A followed repository, removed or not.
const auto subject_of_id = R"sql(
  SELECT provider, owner, name, url, COALESCE(external_id, 0), COALESCE(branch, ''), COALESCE(credential_id, 0), user_id, state,
         COALESCE(default_branch, ''), manifests, complete AND include_patterns = '{}' AND exclude_patterns = '{}', manifest_paths,
         is_private, )sql" +
                           standing + "FROM provider_repositories WHERE id = $1";

// What was found the last time. Not settled is what may be another way though the file is as it was: what is listed may be
// another repository's name tomorrow, and a server may have been taken off the list.
constexpr auto known_files_of = R"sql(
  SELECT f.path, f.kind, f.etag, f.sha, f.state, f.server_name,
         f.state NOT IN ('name_taken', 'superseded', 'other_branch') AND NOT (f.state = 'listed' AND COALESCE(s.status, '') = 'deleted')
  FROM manifest_files f LEFT JOIN mcp_servers s ON s.name = f.server_name
  WHERE f.repository_id = $1 ORDER BY f.path
)sql";

// Files of the last sync that may be of interest: where there are too many, those that are named go first, then READMEs.
constexpr auto candidates_of = R"sql(
  SELECT path, sha FROM repository_files
  WHERE repository_id = $1 AND (path = ANY ($2::text[]) OR path ~* '(^|/)readme[^/]*$' OR ($3 AND path LIKE '%.json'))
  ORDER BY path = ANY ($2::text[]) DESC, path ~* '(^|/)readme[^/]*$' DESC, path LIMIT $4
)sql";

// How it stood when it was looked at; of one where nothing was ever found it does not matter.
constexpr auto note_standing = R"sql(
  UPDATE provider_repositories r SET manifests_standing =
    CASE WHEN EXISTS (SELECT FROM manifest_files f WHERE f.repository_id = r.id) THEN $2 ELSE '' END
  WHERE id = $1
)sql";

// Looks at repositories that stand differently than when they were looked at: gone, private, renamed, or back again.
const auto restless = R"sql(
  SELECT 'manifest_check' AS kind, 'manifests/' || r.id AS key, NULL::text AS dedupe_key,
         jsonb_build_object('repository', r.id, 'trigger', 'fallback', 'full', TRUE)::text AS payload, $1::int2 AS priority,
         NULL::bytea AS body, r.id AS number
  FROM provider_repositories r
  WHERE r.manifests_standing <> '' AND r.manifests AND r.provider = 'github' AND r.state IN ('active', 'gone', 'forbidden')
    AND r.manifests_standing <> )sql" +
                      standing +
                      R"sql(
    AND NOT EXISTS (SELECT FROM job_lanes l WHERE l.key = 'manifests/' || r.id)
  ORDER BY r.id LIMIT $2
)sql";

// The newest lines of a repository's history are kept.
constexpr auto forget_checks = R"sql(
  DELETE FROM manifest_checks WHERE repository_id = $1
    AND id <= (SELECT id FROM manifest_checks WHERE repository_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
)sql";

// What was found at a place, from now on.
constexpr auto write_file = R"sql(
  INSERT INTO manifest_files (repository_id, path, kind, etag, sha, state, reason, server_name, checked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz)
  ON CONFLICT (repository_id, path) DO UPDATE SET kind = excluded.kind, etag = excluded.etag, sha = excluded.sha,
    state = excluded.state, reason = excluded.reason, server_name = excluded.server_name, checked_at = excluded.checked_at
)sql";

// A line of the history.
constexpr auto write_check = R"sql(
  INSERT INTO manifest_checks
    (repository_id, path, sha, trigger, state, reason, server_name, version, report, job_id, checked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULLIF($9, ''), $10, $11::timestamptz)
)sql";

// Is it followed?
constexpr auto is_followed = "SELECT EXISTS (SELECT FROM provider_repositories WHERE id = $1 AND state <> 'removed')";

// What was found in a repository.
constexpr auto places_of = R"sql(
  SELECT path, kind, state, reason, server_name, sha, (extract(epoch FROM checked_at) * 1000000)::int8
  FROM manifest_files WHERE repository_id = $1 ORDER BY path LIMIT $2
)sql";

// What the looks came to.
constexpr auto looks_of = R"sql(
  SELECT id, path, state, reason, server_name, version, sha, trigger, job_id, (extract(epoch FROM checked_at) * 1000000)::int8,
         COALESCE(report, '')
  FROM manifest_checks WHERE repository_id = $1 ORDER BY id DESC LIMIT $2
)sql";

constexpr std::size_t places_max = 1'000;

timestamp read_time(const pqxx::field& x) {
  return timestamp{std::chrono::microseconds{x.as<std::int64_t>()}};
}

/// What was published decides how the manifest stands.
file_finding finding_of(published x) {
  switch (x) {
  case published::superseded:
  case published::held_elsewhere:
    return file_finding::superseded;
  case published::name_taken:
    return file_finding::name_taken;
  case published::version_taken:
    return file_finding::version_taken;
  case published::listed:
  case published::updated:
  case published::unchanged:
    break;
  }
  return file_finding::listed;
}

std::string reason_of(published x, const server_publication& what) {
  if (x == published::name_taken)
    return "the name " + what.what.name + " is listed from another repository";
  if (x == published::version_taken)
    return "the version " + what.what.version + " was published with another text; raise the version";
  if (x == published::held_elsewhere)
    return "it is listed for another user who follows this repository, too";
  return x == published::superseded ? "something newer is known" : "";
}

/// One look, written.
class check_writer {
public:
  check_writer(pqxx::transaction_base& tx, const check_subject& of, std::string_view trigger, const job_lease& lease,
               timestamp at)
      : tx_(tx), of_(of), trigger_(trigger), job_id_(lease.id),
        at_(at), by_{"manifests of " + of.where.owner + '/' + of.where.name, at} {}

  check_counts write(manifest_findings what) {
    auto& found = what.files;
    // In the order of names, so that two looks that lock the same servers do not deadlock.
    std::sort(found.begin(), found.end(), [](const found_file& a, const found_file& b) {
      const auto key = [](const found_file& x) {
        return std::pair{x.publication ? x.publication->what.name : std::string{}, x.path};
      };
      return key(a) < key(b);
    });
    for (auto& x : found)
      if (x.publication)
        publish(x, found);
    std::sort(what.readmes.begin(), what.readmes.end(),
              [](const readme_news& a, const readme_news& b) { return a.server_name < b.server_name; });
    for (const auto& x : what.readmes)
      counts_.updated += set_server_readme(tx_, x.server_name, holder(), x.readme, by_) ? 1 : 0;
    for (auto& x : found) {
      retire_old_server(x);
      keep(x);
    }
    pgx::query(tx_, note_standing, of_.id, of_.standing);
    if (has_news_)
      pgx::query(tx_, forget_checks, of_.id, manifest_checks_kept);
    return counts_;
  }

private:
  const known_file* known(const std::string& path) const {
    const auto at = std::find_if(of_.known.begin(), of_.known.end(), [&](const known_file& x) { return x.path == path; });
    return at == of_.known.end() ? nullptr : &*at;
  }

  server_holder holder() const { return {of_.id, "https://github.com/" + of_.where.owner + '/' + of_.where.name}; }

  /// Of a name that two paths have the one keeps it that had it, as long as it stands.
  bool stands_elsewhere(const found_file& x, const std::vector<found_file>& found) const {
    return std::any_of(of_.known.begin(), of_.known.end(), [&](const known_file& other) {
      return other.path != x.path && other.kind == "manifest" && other.state == "listed" && other.settled &&
             other.server_name == x.publication->what.name &&
             std::none_of(found.begin(), found.end(), [&](const found_file& f) { return f.path == other.path; });
    });
  }

  void publish(found_file& x, const std::vector<found_file>& found) {
    if (!names_.insert(x.publication->what.name).second || stands_elsewhere(x, found)) {
      x.finding = file_finding::name_taken;
      x.reason = "the name " + x.publication->what.name + " is listed from another path of this repository";
      return;
    }
    const auto what = publish_server(tx_, *x.publication, by_);
    x.finding = finding_of(what);
    if (const auto why = reason_of(what, *x.publication); !why.empty())
      x.reason = why;
    counts_.listed += what == published::listed ? 1 : 0;
    counts_.updated += what == published::updated ? 1 : 0;
    counts_.refused += x.finding == file_finding::listed ? 0 : 1;
  }

  /// A server whose manifest is gone, or names another one now, unless it is published from somewhere else.
  void retire_old_server(found_file& x) {
    const auto* before = known(x.path);
    if (before == nullptr || before->server_name.empty())
      return;
    const auto names_another = x.publication && x.publication->what.name != before->server_name;
    const auto is_lost = x.finding == file_finding::missing || x.finding == file_finding::other_branch;
    if (!is_lost && !names_another)
      return;
    if (names_.contains(before->server_name)) {
      if (x.finding == file_finding::missing)
        x.finding = file_finding::moved;
      return;
    }
    const auto why = names_another ? "its manifest names another server" : x.reason;
    counts_.deleted += retire_server(tx_, before->server_name, holder(), x.path, why, at_, by_) ? 1 : 0;
  }

  void keep(const found_file& x) {
    const auto* before = known(x.path);
    const auto state = std::string{to_string(x.finding)};
    const auto lists = x.publication && x.finding == file_finding::listed;
    // An invalid text takes no server off the list, and must not forget which one it is.
    const auto keeps_name = x.finding == file_finding::invalid || x.finding == file_finding::not_json ||
                            x.finding == file_finding::not_utf8 || x.finding == file_finding::too_large ||
                            x.finding == file_finding::version_taken || x.finding == file_finding::superseded;
    const auto name = lists ? x.publication->what.name : before != nullptr && keeps_name ? before->server_name : std::string{};
    pgx::query(tx_, write_file, of_.id, x.path, x.kind, x.etag, x.sha, state, x.reason, name, to_rfc3339(at_));
    const auto is_news = before == nullptr ? x.finding != file_finding::missing : before->state != state || before->sha != x.sha;
    if (x.kind != "manifest" || !is_news)
      return;
    has_news_ = true;
    pgx::query(tx_, write_check, of_.id, x.path, x.sha, trigger_, state, x.reason, name,
               x.publication ? x.publication->what.version : std::string{}, x.report, job_id_, to_rfc3339(at_));
  }

  pqxx::transaction_base& tx_;
  const check_subject& of_;
  std::string trigger_;
  std::int64_t job_id_;
  timestamp at_;
  operator_action by_;
  std::set<std::string> names_;
  bool has_news_ = false;
  check_counts counts_;
};

} // namespace

std::string_view to_string(file_finding x) noexcept {
  switch (x) {
  case file_finding::listed:
    return "listed";
  case file_finding::invalid:
    return "invalid";
  case file_finding::superseded:
    return "superseded";
  case file_finding::name_taken:
    return "name_taken";
  case file_finding::version_taken:
    return "version_taken";
  case file_finding::missing:
    return "missing";
  case file_finding::moved:
    return "moved";
  case file_finding::other_branch:
    return "other_branch";
  case file_finding::too_large:
    return "too_large";
  case file_finding::not_utf8:
    return "not_utf8";
  case file_finding::not_json:
    return "not_json";
  case file_finding::not_a_file:
    break;
  }
  return "not_a_file";
}

std::optional<check_subject> load_check_subject(connection& db, std::int64_t repository_id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, subject_of_id, repository_id);
  if (rows.empty())
    return std::nullopt;
  const auto& row = rows[0];
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = check_subject{};
  out.id = repository_id;
  out.where = {text(0), text(1), text(2), text(3), row[4].as<std::int64_t>(), text(5), row[6].as<std::int64_t>()};
  out.user_id = text(7);
  out.state = text(8);
  out.default_branch = text(9);
  out.manifests = row[10].as<bool>();
  out.complete = row[11].as<bool>();
  out.places = pgx::texts(row[12]);
  out.is_private = row[13].as<bool>();
  out.standing = text(14);
  for (const auto& x : pgx::query(tx, known_files_of, repository_id)) {
    const auto of = [&](int column) { return std::string{pgx::text(x[column])}; };
    out.known.push_back({of(0), of(1), of(2), of(3), of(4), of(5), x[6].as<bool>()});
  }
  return out;
}

std::vector<listed_path> list_manifest_candidates(connection& db, std::int64_t repository_id,
                                                  const std::vector<std::string>& paths, bool patterns) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto exact = text_array{};
  for (const auto& x : paths)
    exact.add(x);
  auto out = std::vector<listed_path>{};
  for (const auto& row : pgx::query(tx, candidates_of, repository_id, exact.parameter(), patterns, candidates_max))
    out.push_back({std::string{pgx::text(row[0])}, std::string{pgx::text(row[1])}});
  return out;
}

check_counts store_manifest_check(connection& db, const job_lease& lease, const check_subject& of, contents::urgency trigger,
                                  manifest_findings found, timestamp asked_at) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, lease);
  hold_search(tx);
  const auto counts = check_writer{tx, of, contents::to_string(trigger), lease, asked_at}.write(std::move(found));
  tx.commit();
  return counts;
}

std::optional<repository_manifests> list_repository_manifests(connection& db, std::int64_t repository_id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (!pgx::query(tx, is_followed, repository_id)[0][0].as<bool>())
    return std::nullopt;
  auto out = repository_manifests{};
  for (const auto& x : pgx::query(tx, places_of, repository_id, places_max)) {
    const auto of = [&](int column) { return std::string{pgx::text(x[column])}; };
    out.places.push_back({of(0), of(1), of(2), of(3), of(4), of(5), read_time(x[6])});
  }
  for (const auto& x : pgx::query(tx, looks_of, repository_id, manifest_checks_kept)) {
    const auto of = [&](int column) { return std::string{pgx::text(x[column])}; };
    out.looks.push_back({x[0].as<std::int64_t>(), of(1), of(2), of(3), of(4), of(5), of(6), of(7), x[8].as<std::int64_t>(),
                         read_time(x[9]), of(10)});
  }
  return out;
}

std::size_t enqueue_restless_manifests(connection& db) {
  static const auto statement = enqueue_statement(restless);
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto added = pgx::query(tx, statement, static_cast<int>(contents::urgency::fallback), standings_max);
  tx.commit();
  return static_cast<std::size_t>(added.size());
}

} // namespace ingot::storage
