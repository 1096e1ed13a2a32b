#include "storage/provider_repositories.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"
#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// What read_repository() takes.
const std::string repository_columns = R"sql(
  id, user_id, provider, owner, name, external_id, url, credential_id, branch, default_branch, is_private, archived,
  include_patterns, exclude_patterns, file_bytes_max, skip_binary, fetch_lfs, state, state_reason,
  (extract(epoch FROM last_synced_at) * 1000000)::int8, last_commit_sha, last_tree_sha, last_branch, filters, etag, complete,
  files, bytes, (extract(epoch FROM rate_limit_reset_at) * 1000000)::int8, retry_count,
  (extract(epoch FROM next_retry_at) * 1000000)::int8, (extract(epoch FROM next_check_at) * 1000000)::int8, last_error, version,
  (extract(epoch FROM created_at) * 1000000)::int8, (extract(epoch FROM updated_at) * 1000000)::int8, manifests, manifest_paths
)sql";

// One, removed or not.
const std::string repository_of_id = "SELECT " + repository_columns + "FROM provider_repositories WHERE id = $1";

// One that its user may see.
const std::string repository_of_user =
    "SELECT " + repository_columns + "FROM provider_repositories WHERE id = $1 AND user_id = $2 AND state <> 'removed'";

// A page of a user's.
const std::string page_of_repositories = "SELECT " + repository_columns + R"sql(
  FROM provider_repositories WHERE user_id = $1 AND id > $2 AND state <> 'removed' ORDER BY id LIMIT $3
)sql";

// Of all users.
const std::string page_of_all_repositories = "SELECT " + repository_columns + R"sql(
  FROM provider_repositories
  WHERE id > $1 AND state <> 'removed' AND ($2 = '' OR state = $2) ORDER BY id LIMIT $3
)sql";

// By name, as people write it; the index is over both in lower case.
const std::string repository_named = "SELECT " + repository_columns + R"sql(
  FROM provider_repositories
  WHERE user_id = $1 AND lower(owner) = lower($2) AND lower(name) = lower($3) AND state <> 'removed' ORDER BY id LIMIT 1
)sql";

// Who follows a repository of GitHub's.
constexpr auto tracked_of_external_id = R"sql(
  SELECT id, user_id, COALESCE(branch, ''), COALESCE(default_branch, '')
  FROM provider_repositories WHERE external_id = $1 AND provider = 'github' AND state = 'active' ORDER BY id
)sql";

// The credential that is named, if it lives and is the user's.
constexpr auto credential_named = R"sql(
  SELECT id FROM provider_credentials WHERE id = $1 AND user_id = $2 AND provider = 'github' AND state = 'live'
)sql";

// An installation on the owner's account goes before tokens, which may reach fewer repositories.
constexpr auto credential_for_owner = R"sql(
  SELECT id FROM provider_credentials
  WHERE user_id = $1 AND provider = 'github' AND state = 'live' AND (kind <> 'installation' OR lower(account) = lower($2))
  ORDER BY kind = 'installation' DESC, id DESC LIMIT 1
)sql";

// Additions of one user one after the other, so that none passes the limit: the row is locked to the end of the transaction.
constexpr auto lock_user = R"sql(
  INSERT INTO repository_users (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id
)sql";

// Those that count against the limit.
constexpr auto count_of_user = "SELECT count(*) FROM provider_repositories WHERE user_id = $1 AND state <> 'removed'";

// The row that stands for the same repository already.
constexpr auto same_repository = R"sql(
  SELECT id FROM provider_repositories
  WHERE user_id = $1 AND provider = $2 AND state <> 'removed' AND CASE WHEN $2 = 'git' THEN url = $3 ELSE external_id = $4 END
)sql";

// A repository that is followed from now on.
const std::string insert_repository = R"sql(
  INSERT INTO provider_repositories
    (user_id, provider, owner, name, external_id, url, credential_id, branch, default_branch, is_private, archived,
     include_patterns, exclude_patterns, file_bytes_max, skip_binary, fetch_lfs, created_at, updated_at, manifests, manifest_paths)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text[], $13::text[], $14, $15, $16, $17::timestamptz, $17::timestamptz,
          $18, $19::text[])
  RETURNING )sql" + repository_columns;

// What is wanted of it; a credential that was refused may be another one now, so it is looked after again.
const std::string update_wanted = R"sql(
  UPDATE provider_repositories SET
    branch = $3, include_patterns = $4::text[], exclude_patterns = $5::text[], file_bytes_max = $6, skip_binary = $7,
    fetch_lfs = $8, credential_id = $9, updated_at = $10::timestamptz, manifests = $11, manifest_paths = $12::text[],
    state = CASE WHEN state = 'forbidden' AND credential_id IS DISTINCT FROM $9::int8 THEN 'active' ELSE state END,
    state_reason = CASE WHEN state = 'forbidden' AND credential_id IS DISTINCT FROM $9::int8 THEN NULL ELSE state_reason END
  WHERE id = $1 AND user_id = $2 AND state <> 'removed'
  RETURNING )sql" + repository_columns;

// Keeps it from changing while a change is decided.
const std::string lock_repository = repository_of_user + " FOR UPDATE";

// Its files go by the sweep.
const std::string mark_removed = R"sql(
  UPDATE provider_repositories SET state = 'removed', state_reason = NULL, updated_at = $2::timestamptz WHERE id = $1
  RETURNING )sql" + repository_columns;

// A sync by hand that waits and does as much as the one that is asked for.
constexpr auto waiting_sync = R"sql(
  SELECT id FROM jobs
  WHERE key = $1 AND state = 'pending' AND kind = $2 AND payload ->> 'trigger' = 'manual'
    AND (NOT $3 OR (payload ->> 'full')::boolean)
  ORDER BY id LIMIT 1
)sql";

// What read_sync() takes.
const std::string sync_columns = R"sql(
  SELECT id, repository_id, job_id, trigger, state, before_sha, commit_sha, tree_sha, branch, plan, requests, not_modified, points,
         bytes, added, modified, removed, blobs_wanted, blobs_stored, skipped, complete, error, feed,
         (extract(epoch FROM started_at) * 1000000)::int8, (extract(epoch FROM finished_at) * 1000000)::int8
  FROM content_syncs
)sql";

// A page, the newest first.
const std::string page_of_syncs = sync_columns + "WHERE repository_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

// A job makes one row for each of its attempts. The repository's index leads there; a job's is not kept.
const std::string sync_of_job = sync_columns + R"sql(
  WHERE repository_id = (SELECT (payload ->> 'repository')::int8 FROM jobs WHERE id = $1) AND job_id = $1 ORDER BY id DESC LIMIT 1
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

followed_repository read_repository(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  const auto number = [&](int column) { return pgx::maybe<std::int64_t>(row[column]).value_or(0); };
  auto out = followed_repository{};
  out.id = number(0);
  out.user_id = text(1);
  out.provider = text(2);
  out.owner = text(3);
  out.name = text(4);
  out.external_id = number(5);
  out.url = text(6);
  out.credential_id = number(7);
  out.branch = text(8);
  out.default_branch = text(9);
  out.is_private = row[10].as<bool>();
  out.archived = row[11].as<bool>();
  out.filter.include = pgx::texts(row[12]);
  out.filter.exclude = pgx::texts(row[13]);
  out.filter.file_bytes_max = pgx::maybe<std::int64_t>(row[14]);
  out.filter.skip_binary = row[15].as<bool>();
  out.filter.fetch_lfs = row[16].as<bool>();
  out.state = text(17);
  out.state_reason = text(18);
  out.last_synced_at = read_time(row[19]);
  out.last_commit_sha = text(20);
  out.last_tree_sha = text(21);
  out.last_branch = text(22);
  out.filters = number(23);
  out.etag = text(24);
  out.complete = row[25].as<bool>();
  out.files = number(26);
  out.bytes = number(27);
  out.rate_limit_reset_at = read_time(row[28]);
  out.retry_count = static_cast<int>(number(29));
  out.next_retry_at = read_time(row[30]);
  out.next_check_at = *read_time(row[31]);
  out.last_error = text(32);
  out.version = number(33);
  out.created_at = *read_time(row[34]);
  out.updated_at = *read_time(row[35]);
  out.filter.manifests = row[36].as<bool>();
  out.filter.manifest_paths = pgx::texts(row[37]);
  return out;
}

content_sync_record read_sync(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = content_sync_record{};
  out.id = row[0].as<std::int64_t>();
  out.repository_id = row[1].as<std::int64_t>();
  out.job_id = row[2].as<std::int64_t>();
  auto column = 3;
  for (auto* x : {&out.trigger, &out.state, &out.before_sha, &out.commit_sha, &out.tree_sha, &out.branch, &out.plan})
    *x = text(column++);
  for (auto* x : {&out.requests, &out.not_modified, &out.points, &out.bytes, &out.added, &out.modified, &out.removed,
                  &out.blobs_wanted, &out.blobs_stored, &out.skipped})
    *x = row[column++].as<std::int64_t>();
  out.complete = row[20].as<bool>();
  out.error = text(21);
  out.feed = pgx::maybe<std::int64_t>(row[22]);
  out.started_at = *read_time(row[23]);
  out.finished_at = read_time(row[24]);
  return out;
}

std::optional<std::string> unless_empty(const std::string& x) {
  return x.empty() ? std::nullopt : std::optional{x};
}

std::optional<std::int64_t> unless_zero(std::int64_t x) {
  return x == 0 ? std::nullopt : std::optional{x};
}

text_array array_of(const std::vector<std::string>& from) {
  auto out = text_array{};
  for (const auto& x : from)
    out.add(x);
  return out;
}

std::string subject_of(const followed_repository& x) {
  return "repository " + std::to_string(x.id) + " of user " + x.user_id;
}

std::string name_of(const followed_repository& x) {
  return x.provider == "git" ? x.url : x.owner + "/" + x.name;
}

refused_change no_such_repository(std::int64_t id) {
  return refused_change{{fault::not_found, "you follow no repository " + std::to_string(id), {}}};
}

refused_change no_such_credential(std::int64_t id) {
  return refused_change{{fault::invalid_fields,
                         "there is no live credential " + std::to_string(id) + " of yours",
                         {{"/credentialId", "expected: the id of a live credential of the same user"}}}};
}

void refuse_second(pqxx::work& tx, const std::string& user_id, const confirmed_repository& x) {
  const auto rows = pgx::query(tx, same_repository, user_id, x.wanted.provider, x.wanted.url, x.found.external_id);
  if (rows.empty())
    return;
  const auto id = std::string{pgx::text(rows[0][0])};
  throw refused_change{{fault::conflict, "this repository is followed already, as " + id, {{"id", id}}}};
}

std::int64_t enqueue_sync(pqxx::work& tx, std::int64_t id, bool full) {
  auto order = contents::sync_order{};
  order.repository_id = id;
  order.how = contents::urgency::manual;
  order.full = full;
  return enqueue_job(tx, contents::job_of(order));
}

/// As it is to be from now on.
followed_repository changed(const followed_repository& from, const contents::repository_change& x) {
  auto out = from;
  out.branch = x.branch.value_or(from.branch);
  out.filter.include = x.include.value_or(from.filter.include);
  out.filter.exclude = x.exclude.value_or(from.filter.exclude);
  out.filter.file_bytes_max = x.file_bytes_max.value_or(from.filter.file_bytes_max);
  out.filter.skip_binary = x.skip_binary.value_or(from.filter.skip_binary);
  out.filter.fetch_lfs = x.fetch_lfs.value_or(from.filter.fetch_lfs);
  out.filter.manifests = x.manifests.value_or(from.filter.manifests);
  out.filter.manifest_paths = x.manifest_paths.value_or(from.filter.manifest_paths);
  out.credential_id = x.credential_id.value_or(from.credential_id);
  return out;
}

/// What the node's own token may see is not for everybody: a private repository needs a credential of the user's own.
void check_credential(pqxx::work& tx, const followed_repository& x) {
  if (x.credential_id != 0 && pgx::query(tx, credential_named, x.credential_id, x.user_id).empty())
    throw no_such_credential(x.credential_id);
  if (x.credential_id == 0 && x.is_private && !x.user_id.empty())
    throw refused_change{{fault::invalid_fields,
                          "a private repository needs an installation or a token of its user",
                          {{"/credentialId", "expected: the id of a credential"}}}};
}

} // namespace

contents::place place_of(const followed_repository& x) {
  return {x.provider, x.owner, x.name, x.url, x.external_id, x.branch, x.credential_id};
}

std::optional<followed_repository> load_repository(connection& db, std::int64_t id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, repository_of_id, id);
  return rows.empty() ? std::nullopt : std::optional{read_repository(rows[0])};
}

followed_repository find_repository(connection& db, const std::string& user_id, std::int64_t id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, repository_of_user, id, user_id);
  if (rows.empty())
    throw no_such_repository(id);
  return read_repository(rows[0]);
}

std::vector<followed_repository> list_repositories(connection& db, const std::string& user_id, std::int64_t after,
                                                   unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<followed_repository>{};
  for (const auto& row : pgx::query(tx, page_of_repositories, user_id, after, limit))
    out.push_back(read_repository(row));
  return out;
}

std::vector<followed_repository> list_all_repositories(connection& db, const std::string& state, std::int64_t after,
                                                       unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<followed_repository>{};
  for (const auto& row : pgx::query(tx, page_of_all_repositories, after, state, limit))
    out.push_back(read_repository(row));
  return out;
}

std::optional<followed_repository> find_repository_named(connection& db, const std::string& user_id, std::string_view owner,
                                                         std::string_view name) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, repository_named, user_id, owner, name);
  return rows.empty() ? std::nullopt : std::optional{read_repository(rows[0])};
}

std::vector<tracked_repository> tracked(connection& db, std::int64_t external_id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<tracked_repository>{};
  for (const auto& row : pgx::query(tx, tracked_of_external_id, external_id))
    out.push_back({row[0].as<std::int64_t>(), std::string{pgx::text(row[1])}, std::string{pgx::text(row[2])},
                   std::string{pgx::text(row[3])}});
  return out;
}

std::int64_t choose_credential(connection& db, const std::string& user_id, std::string_view owner, std::int64_t named) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (named != 0 && pgx::query(tx, credential_named, named, user_id).empty())
    throw no_such_credential(named);
  if (named != 0)
    return named;
  const auto rows = pgx::query(tx, credential_for_owner, user_id, owner);
  return rows.empty() ? 0 : rows[0][0].as<std::int64_t>();
}

repository_added add_repository(connection& db, const std::string& user_id, const confirmed_repository& x,
                                unsigned repositories_max, const operator_action& by, const job_lease* job) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, job);
  pgx::query(tx, lock_user, user_id);
  refuse_second(tx, user_id, x);
  if (pgx::query(tx, count_of_user, user_id)[0][0].as<std::int64_t>() >= repositories_max)
    throw refused_change{
        {fault::invalid_fields,
         "a user follows at most " + std::to_string(repositories_max) + " repositories (contents.repositories_per_user_max)",
         {}}};
  auto row = followed_repository{};
  row.user_id = user_id;
  row.is_private = x.found.is_private;
  row.credential_id = x.wanted.credential_id;
  check_credential(tx, row);
  const auto& filter = x.wanted.filter;
  auto include = array_of(filter.include), exclude = array_of(filter.exclude), places = array_of(filter.manifest_paths);
  const auto is_github = x.wanted.provider == "github";
  const auto rows = pgx::query(
      tx, insert_repository, user_id, x.wanted.provider, x.found.owner, x.found.name.empty() ? x.wanted.name : x.found.name,
      is_github ? unless_zero(x.found.external_id) : std::nullopt, x.wanted.url, unless_zero(x.wanted.credential_id),
      unless_empty(x.wanted.branch), unless_empty(x.found.default_branch), x.found.is_private, x.found.archived,
      include.parameter(), exclude.parameter(), filter.file_bytes_max, filter.skip_binary, filter.fetch_lfs, to_rfc3339(by.at),
      filter.manifests, places.parameter());
  auto out = repository_added{read_repository(rows[0]), 0};
  out.job_id = enqueue_sync(tx, out.row.id, false);
  append_audit_line(tx, by, "repository followed", subject_of(out.row), name_of(out.row));
  tx.commit();
  return out;
}

followed_repository change_repository(connection& db, const std::string& user_id, std::int64_t id,
                                      const contents::repository_change& x, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto before = pgx::query(tx, lock_repository, id, user_id);
  if (before.empty())
    throw no_such_repository(id);
  const auto from = read_repository(before[0]);
  const auto to = changed(from, x);
  if (to.credential_id != from.credential_id)
    check_credential(tx, to);
  auto include = array_of(to.filter.include), exclude = array_of(to.filter.exclude), places = array_of(to.filter.manifest_paths);
  const auto rows = pgx::query(tx, update_wanted, id, user_id, unless_empty(to.branch), include.parameter(), exclude.parameter(),
                               to.filter.file_bytes_max, to.filter.skip_binary, to.filter.fetch_lfs,
                               unless_zero(to.credential_id), to_rfc3339(by.at), to.filter.manifests, places.parameter());
  auto out = read_repository(rows[0]);
  if (!(to.filter == from.filter) || to.branch != from.branch || to.credential_id != from.credential_id)
    enqueue_sync(tx, id, true);
  append_audit_line(tx, by, "repository changed", subject_of(out));
  tx.commit();
  return out;
}

followed_repository remove_repository(connection& db, const std::string& user_id, std::int64_t id, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (pgx::query(tx, lock_repository, id, user_id).empty())
    throw no_such_repository(id);
  auto out = read_repository(pgx::query(tx, mark_removed, id, to_rfc3339(by.at))[0]);
  append_audit_line(tx, by, "repository removed", subject_of(out), name_of(out));
  tx.commit();
  return out;
}

std::int64_t request_sync(connection& db, const std::string& user_id, std::int64_t id, bool full, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto found = pgx::query(tx, lock_repository, id, user_id); // two that ask at once enqueue one job
  if (found.empty())
    throw no_such_repository(id);
  if (const auto waiting = pgx::query(tx, waiting_sync, contents::job_key_of(id), contents::content_sync_kind, full);
      !waiting.empty())
    return waiting[0][0].as<std::int64_t>();
  const auto job = enqueue_sync(tx, id, full);
  append_audit_line(tx, by, full ? "full sync requested" : "sync requested", subject_of(read_repository(found[0])));
  tx.commit();
  return job;
}

std::vector<content_sync_record> list_content_syncs(connection& db, std::int64_t repository_id, std::int64_t before,
                                                    unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<content_sync_record>{};
  for (const auto& row : pgx::query(tx, page_of_syncs, repository_id, before, limit))
    out.push_back(read_sync(row));
  return out;
}

std::optional<content_sync_record> content_sync_of_job(connection& db, std::int64_t job_id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, sync_of_job, job_id);
  return rows.empty() ? std::nullopt : std::optional{read_sync(rows[0])};
}

} // namespace ingot::storage
