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

// A followed repository, removed or not.
constexpr auto subject_of_id = R"sql(
  SELECT provider, owner, name, url, COALESCE(external_id, 0), COALESCE(branch, ''), COALESCE(credential_id, 0), user_id, state,
         COALESCE(default_branch, ''), manifests, complete AND include_patterns = '{}' AND exclude_patterns = '{}', manifest_paths, is_private
  FROM provider_repositories WHERE id = $1
)sql";

// What was found the last time.
constexpr auto known_files_of = R"sql(
  SELECT path, kind, etag, sha, state, server_name FROM manifest_files WHERE repository_id = $1 ORDER BY path
)sql";

// Files of the last sync that may be of interest.
constexpr auto candidates_of = R"sql(
  SELECT path, sha FROM repository_files
  WHERE repository_id = $1 AND (path = ANY ($2::text[]) OR path ~* '(^|/)readme[^/]*$' OR ($3 AND path LIKE '%.json'))
  ORDER BY path LIMIT $4
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

std::vector<std::string> read_texts(const pqxx::field& x) {
  auto out = std::vector<std::string>{};
  auto parser = x.as_array();
  for (auto item = parser.get_next(); item.first != pqxx::array_parser::juncture::done; item = parser.get_next())
    if (item.first == pqxx::array_parser::juncture::string_value)
      out.push_back(std::move(item.second));
  return out;
}

/// What was published decides how the manifest stands.
file_finding finding_of(published x) {
  switch (x) {
  case published::superseded:
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
        publish(x);
    std::sort(what.readmes.begin(), what.readmes.end(),
              [](const readme_news& a, const readme_news& b) { return a.server_name < b.server_name; });
    for (const auto& x : what.readmes)
      counts_.updated += set_server_readme(tx_, x.server_name, x.readme, by_) ? 1 : 0;
    for (auto& x : found) {
      retire_old_server(x);
      keep(x);
    }
    return counts_;
  }

private:
  const known_file* known(const std::string& path) const {
    const auto at = std::find_if(of_.known.begin(), of_.known.end(), [&](const known_file& x) { return x.path == path; });
    return at == of_.known.end() ? nullptr : &*at;
  }

  void publish(found_file& x) {
    if (!names_.insert(x.publication->what.name).second) {
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
    if (x.finding != file_finding::missing && !names_another)
      return;
    if (names_.contains(before->server_name)) {
      if (x.finding == file_finding::missing)
        x.finding = file_finding::moved;
      return;
    }
    const auto why = names_another ? "its manifest names another server" : x.reason;
    counts_.deleted += set_server_status(tx_, before->server_name, "deleted", why, at_, by_) ? 1 : 0;
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
    if (x.kind == "manifest" && is_news)
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
  out.places = read_texts(row[12]);
  out.is_private = row[13].as<bool>();
  for (const auto& x : pgx::query(tx, known_files_of, repository_id)) {
    const auto of = [&](int column) { return std::string{pgx::text(x[column])}; };
    out.known.push_back({of(0), of(1), of(2), of(3), of(4), of(5)});
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

} // namespace ingot::storage
