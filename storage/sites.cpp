#include "storage/sites.hpp"

#include "storage/binary_array.hpp"
#include "storage/refused_change.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

// Nothing when the id is taken: then another one is made after the greatest.
constexpr auto insert_site = R"sql(
  INSERT INTO sites (name, created_at, updated_at) VALUES ($1, $2::timestamptz, $2::timestamptz)
  ON CONFLICT (id) DO NOTHING RETURNING id
)sql";

// Ids that operators chose are in the way of the sequence: it goes on behind them.
constexpr auto pass_chosen_ids = "SELECT setval(pg_get_serial_sequence('sites', 'id'), (SELECT max(id) FROM sites))";

constexpr auto insert_site_with_id = R"sql(
  INSERT INTO sites (id, name, created_at, updated_at) VALUES ($3, $1, $2::timestamptz, $2::timestamptz)
  ON CONFLICT (id) DO NOTHING RETURNING id
)sql";

// What read_site() takes, with the newest sync of each.
const std::string site_columns = R"sql(
  SELECT s.id, s.name, COALESCE(s.environment, ''), COALESCE(s.drupal_version, ''), COALESCE(s.php_version, ''),
         (extract(epoch FROM s.disabled_at) * 1000000)::int8, (extract(epoch FROM s.created_at) * 1000000)::int8,
         (extract(epoch FROM y.received_at) * 1000000)::int8, COALESCE(y.outcome, '')
  FROM sites s
  LEFT JOIN LATERAL (SELECT received_at, outcome FROM syncs WHERE site_id = s.id ORDER BY received_at DESC LIMIT 1) y ON TRUE
)sql";

// A page by id; $3: `true` or `false`, only those that do or do not miss a security update of what they have now.
const std::string page_of_sites = site_columns + R"sql(
  WHERE s.id > $1 AND ($3 = '' OR ($3 = 'true') = EXISTS (
    SELECT FROM site_modules sm JOIN module_versions v ON v.id = sm.version_id
    WHERE sm.site_id = s.id AND sm.removed_at IS NULL AND v.needs_security_update))
  ORDER BY s.id LIMIT $2
)sql";
const std::string site_of_id = site_columns + "WHERE s.id = $1";

// What sites have now, of those that have anything.
constexpr auto count_modules_of_all = R"sql(
  SELECT sm.site_id, count(*), count(*) FILTER (WHERE sm.enabled), count(*) FILTER (WHERE v.needs_security_update)
  FROM site_modules sm LEFT JOIN module_versions v ON v.id = sm.version_id
  WHERE sm.site_id = ANY($1::int8[]) AND sm.removed_at IS NULL GROUP BY sm.site_id
)sql";

// What a site has now, not what it once had.
constexpr auto count_modules = R"sql(
  SELECT count(*), count(*) FILTER (WHERE sm.enabled), count(*) FILTER (WHERE v.needs_security_update)
  FROM site_modules sm LEFT JOIN module_versions v ON v.id = sm.version_id
  WHERE sm.site_id = $1 AND sm.removed_at IS NULL
)sql";

// Disables or enables; `changed` says whether it was the other way before.
constexpr auto set_disabled = R"sql(
  WITH before AS (SELECT id, disabled_at FROM sites WHERE id = $1 FOR UPDATE)
  UPDATE sites s SET disabled_at = CASE WHEN $2 THEN COALESCE(b.disabled_at, $3::timestamptz) END
  FROM before b WHERE s.id = b.id
  RETURNING (b.disabled_at IS NOT NULL) <> $2 AS changed
)sql";

// What read_key() takes.
const std::string key_columns = R"sql(
  id, site_id, name, prefix, (extract(epoch FROM created_at) * 1000000)::int8,
  (extract(epoch FROM last_used_at) * 1000000)::int8, (extract(epoch FROM revoked_at) * 1000000)::int8
)sql";

const std::string insert_key = R"sql(
  INSERT INTO api_keys (site_id, name, key_hash, prefix, created_at)
  SELECT id, $2, $3::bytea, $4, $5::timestamptz FROM sites WHERE id = $1
  RETURNING )sql" + key_columns;

const std::string page_of_keys =
    "SELECT " + key_columns + "FROM api_keys WHERE id > $1 AND ($2::int8 IS NULL OR site_id = $2) ORDER BY id LIMIT $3";

// Two rows say that the prefix is not enough.
const std::string keys_named = "SELECT " + key_columns + R"sql(
  FROM api_keys WHERE id = $1::int8 OR ($1::int8 IS NULL AND prefix = $2) ORDER BY id LIMIT 2 FOR UPDATE
)sql";

constexpr auto revoke_key_of_id = "UPDATE api_keys SET revoked_at = $2::timestamptz WHERE id = $1";

// The mark of use is to the hour, so that a key costs one write an hour.
constexpr auto holder_of_hash = R"sql(
  WITH used AS (
    UPDATE api_keys SET last_used_at = date_trunc('hour', $2::timestamptz)
    WHERE key_hash = $1::bytea AND revoked_at IS NULL
      AND (last_used_at IS NULL OR last_used_at < date_trunc('hour', $2::timestamptz))
  )
  SELECT k.id, k.site_id, k.revoked_at IS NOT NULL, s.disabled_at IS NOT NULL
  FROM api_keys k JOIN sites s ON s.id = k.site_id
  WHERE k.key_hash = $1::bytea
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

site_record read_site(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = site_record{};
  out.id = row[0].as<std::int64_t>();
  out.name = text(1);
  out.environment = text(2);
  out.drupal_version = text(3);
  out.php_version = text(4);
  out.disabled_at = read_time(row[5]);
  out.created_at = *read_time(row[6]);
  out.last_sync_at = read_time(row[7]);
  out.last_sync_outcome = text(8);
  return out;
}

api_key_record read_key(const pqxx::row& row) {
  auto out = api_key_record{};
  out.id = row[0].as<std::int64_t>();
  out.site_id = row[1].as<std::int64_t>();
  out.name = pgx::text(row[2]);
  out.prefix = pgx::text(row[3]);
  out.created_at = *read_time(row[4]);
  out.last_used_at = read_time(row[5]);
  out.revoked_at = read_time(row[6]);
  return out;
}

std::string subject_of(std::int64_t site_id) {
  return "site " + std::to_string(site_id);
}

refused_change no_such_site(std::int64_t id) {
  return refused_change{{fault::not_found, "there is no site " + std::to_string(id), {}}};
}

void check_name(const std::string& name, bool may_be_empty) {
  if ((name.empty() && !may_be_empty) || name.size() > name_bytes_max)
    throw refused_change{{fault::missing_field,
                          "a name has " + std::string{may_be_empty ? "0" : "1"} + " to " + std::to_string(name_bytes_max) +
                              " bytes, not " + std::to_string(name.size()),
                          {{"/name", "wrong length"}}}};
}

/// The next free id of the sequence.
std::int64_t insert_with_next_id(pqxx::work& tx, const std::string& name, const std::string& at) {
  for (;;) {
    if (const auto rows = pgx::query(tx, insert_site, name, at); !rows.empty())
      return rows[0][0].as<std::int64_t>();
    tx.exec(pass_chosen_ids);
  }
}

void set_site_disabled(connection& db, std::int64_t id, bool disabled, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, set_disabled, id, disabled, to_rfc3339(by.at));
  if (rows.empty())
    throw no_such_site(id);
  if (rows[0][0].as<bool>())
    append_audit_line(tx, by, disabled ? "site disabled" : "site enabled", subject_of(id));
  tx.commit();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::int64_t add_site(connection& db, const std::string& name, std::optional<std::int64_t> id, const operator_action& by) {
  check_name(name, false);
  if (id && (*id < 1 || *id > site_id_max))
    throw refused_change{{fault::missing_field,
                          "a site's id is 1 to " + std::to_string(site_id_max) + ", not " + std::to_string(*id),
                          {{"/id", "out of range"}}}};
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto at = to_rfc3339(by.at);
  if (id && pgx::query(tx, insert_site_with_id, name, at, *id).empty())
    throw refused_change{{fault::conflict, "there is a site " + std::to_string(*id) + " already", {{"/id", "taken"}}}};
  const auto made = id ? *id : insert_with_next_id(tx, name, at);
  append_audit_line(tx, by, "site added", subject_of(made), name);
  tx.commit();
  return made;
}

std::vector<site_record> list_sites(connection& db, std::int64_t after, unsigned limit, std::optional<bool> needing) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<site_record>{};
  for (const auto& row : pgx::query(tx, page_of_sites, after, limit, !needing ? "" : *needing ? "true" : "false"))
    out.push_back(read_site(row));
  return out;
}

std::optional<site_record> find_site(connection& db, std::int64_t id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, site_of_id, id);
  return rows.empty() ? std::nullopt : std::optional{read_site(rows[0])};
}

site_counts count_site_modules(connection& db, std::int64_t id) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, count_modules, id);
  return {rows[0][0].as<std::int64_t>(), rows[0][1].as<std::int64_t>(), rows[0][2].as<std::int64_t>()};
}

std::vector<site_counts> count_modules_of_sites(connection& db, const std::vector<site_record>& sites) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto ids = int8_array{};
  for (const auto& x : sites)
    ids.add(x.id);
  auto out = std::vector<site_counts>(sites.size());
  for (const auto& row : pgx::query(tx, count_modules_of_all, ids.parameter())) {
    const auto at = std::find_if(sites.begin(), sites.end(), [&](const auto& x) { return x.id == row[0].as<std::int64_t>(); });
    if (at != sites.end())
      out[static_cast<std::size_t>(at - sites.begin())] = {row[1].as<std::int64_t>(), row[2].as<std::int64_t>(),
                                                           row[3].as<std::int64_t>()};
  }
  return out;
}

void disable_site(connection& db, std::int64_t id, const operator_action& by) {
  set_site_disabled(db, id, true, by);
}

void enable_site(connection& db, std::int64_t id, const operator_action& by) {
  set_site_disabled(db, id, false, by);
}

new_api_key create_key(connection& db, std::int64_t site_id, const std::string& name, const std::array<unsigned char, 32>& random,
                       const operator_action& by) {
  check_name(name, true);
  auto out = new_api_key{make_api_key(random), {}};
  const auto hash = api_key_hash(out.text);
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, insert_key, site_id, name, pgx::binary{hash}, api_key_prefix(out.text), to_rfc3339(by.at));
  if (rows.empty())
    throw no_such_site(site_id);
  out.row = read_key(rows[0]);
  append_audit_line(tx, by, "key created", subject_of(site_id), out.row.prefix);
  tx.commit();
  return out;
}

std::vector<api_key_record> list_keys(connection& db, std::optional<std::int64_t> site_id, std::int64_t after, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<api_key_record>{};
  for (const auto& row :
       site_id ? pgx::query(tx, page_of_keys, after, *site_id, limit) : pgx::query(tx, page_of_keys, after, std::nullopt, limit))
    out.push_back(read_key(row));
  return out;
}

api_key_record revoke_key(connection& db, const std::string& id_or_prefix, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = is_number(id_or_prefix) ? pgx::query(tx, keys_named, id_or_prefix, std::nullopt)
                                            : pgx::query(tx, keys_named, std::nullopt, id_or_prefix);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no key with the id or prefix " + id_or_prefix, {}}};
  if (rows.size() > 1)
    throw refused_change{{fault::conflict, "several keys begin with " + id_or_prefix + ": name the one by its id", {}}};
  auto out = read_key(rows[0]);
  if (out.revoked_at)
    return out;
  out.revoked_at = by.at;
  pgx::query(tx, revoke_key_of_id, out.id, to_rfc3339(by.at));
  append_audit_line(tx, by, "key revoked", subject_of(out.site_id), out.prefix);
  tx.commit();
  return out;
}

std::optional<api_key_holder> find_key(connection& db, std::string_view hash, timestamp at) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, holder_of_hash, pgx::binary{hash}, to_rfc3339(at));
  if (rows.empty())
    return std::nullopt;
  tx.commit();
  const auto& row = rows[0];
  return api_key_holder{row[0].as<std::int64_t>(), row[1].as<std::int64_t>(), row[2].as<bool>(), row[3].as<bool>()};
}

} // namespace ingot::storage
