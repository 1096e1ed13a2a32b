#include "storage/user_keys.hpp"

#include "storage/refused_change.hpp"
#include "storage/sites.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

// What read_key() takes.
const std::string key_columns = R"sql(
  id, user_id, name, prefix, (extract(epoch FROM created_at) * 1000000)::int8,
  (extract(epoch FROM last_used_at) * 1000000)::int8, (extract(epoch FROM revoked_at) * 1000000)::int8
)sql";

// Adds a key.
const std::string insert_key = R"sql(
  INSERT INTO user_keys (user_id, name, key_hash, prefix, created_at) VALUES ($1, $2, $3::bytea, $4, $5::timestamptz)
  RETURNING )sql" + key_columns;

// A page of one user's keys, or of all.
const std::string page_of_keys =
    "SELECT " + key_columns + "FROM user_keys WHERE id > $1 AND ($2::text IS NULL OR user_id = $2) ORDER BY id LIMIT $3";

// Ends a key; one that has ended keeps its time. `changed` says whether it was live before.
const std::string revoke_key_of_id = R"sql(
  WITH before AS (
    SELECT id AS key_id, revoked_at IS NULL AS changed FROM user_keys
    WHERE id = $1 AND ($2::text IS NULL OR user_id = $2) FOR UPDATE
  )
  UPDATE user_keys SET revoked_at = COALESCE(revoked_at, $3::timestamptz) FROM before WHERE id = key_id
  RETURNING )sql" + key_columns + ", changed";

// The mark of use is to the hour, so that a key costs one write an hour.
constexpr auto holder_of_hash = R"sql(
  WITH used AS (
    UPDATE user_keys SET last_used_at = date_trunc('hour', $2::timestamptz)
    WHERE key_hash = $1::bytea AND revoked_at IS NULL
      AND (last_used_at IS NULL OR last_used_at < date_trunc('hour', $2::timestamptz))
  )
  SELECT id, user_id, revoked_at IS NOT NULL FROM user_keys WHERE key_hash = $1::bytea
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

user_key_record read_key(const pqxx::row& row) {
  auto out = user_key_record{};
  out.id = row[0].as<std::int64_t>();
  out.user_id = pgx::text(row[1]);
  out.name = pgx::text(row[2]);
  out.prefix = pgx::text(row[3]);
  out.created_at = *read_time(row[4]);
  out.last_used_at = read_time(row[5]);
  out.revoked_at = read_time(row[6]);
  return out;
}

bool part_of_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"._-@:+"}.find(c) != std::string_view::npos;
}

std::string subject_of(const std::string& user_id) {
  return "user " + user_id;
}

} // namespace

std::optional<std::string> judge_user_id(std::string_view id) {
  if (!id.empty() && id.size() <= user_id_bytes_max && std::all_of(id.begin(), id.end(), part_of_id))
    return std::nullopt;
  return "a user's id has 1 to " + std::to_string(user_id_bytes_max) +
         " characters: letters, digits and `.`, `_`, `-`, `@`, `:`, `+`";
}

new_user_key create_user_key(connection& db, const std::string& user_id, const std::string& name,
                             const std::array<unsigned char, 32>& random, const operator_action& by) {
  if (auto wrong = judge_user_id(user_id))
    throw refused_change{{fault::bad_parameter, *wrong, {{"userId", *wrong}}}};
  if (name.size() > name_bytes_max)
    throw refused_change{{fault::missing_field,
                          "a name has at most " + std::to_string(name_bytes_max) + " bytes, not " + std::to_string(name.size()),
                          {{"/name", "wrong length"}}}};
  auto out = new_user_key{make_api_key(random), {}};
  const auto hash = api_key_hash(out.text);
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, insert_key, user_id, name, pgx::binary{hash}, api_key_prefix(out.text), to_rfc3339(by.at));
  out.row = read_key(rows[0]);
  append_audit_line(tx, by, "key created", subject_of(user_id), out.row.prefix);
  tx.commit();
  return out;
}

std::vector<user_key_record> list_user_keys(connection& db, const std::optional<std::string>& user_id, std::int64_t after,
                                            unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<user_key_record>{};
  for (const auto& row :
       user_id ? pgx::query(tx, page_of_keys, after, *user_id, limit) : pgx::query(tx, page_of_keys, after, std::nullopt, limit))
    out.push_back(read_key(row));
  return out;
}

user_key_record revoke_user_key(connection& db, std::int64_t id, const std::optional<std::string>& user_id,
                                const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto at = to_rfc3339(by.at);
  const auto rows =
      user_id ? pgx::query(tx, revoke_key_of_id, id, *user_id, at) : pgx::query(tx, revoke_key_of_id, id, std::nullopt, at);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no such key of a user: " + std::to_string(id), {}}};
  auto out = read_key(rows[0]);
  if (rows[0][7].as<bool>())
    append_audit_line(tx, by, "key revoked", subject_of(out.user_id), out.prefix);
  tx.commit();
  return out;
}

std::optional<user_key_holder> find_user_key(connection& db, std::string_view hash, timestamp at) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, holder_of_hash, pgx::binary{hash}, to_rfc3339(at));
  if (rows.empty())
    return std::nullopt;
  tx.commit();
  return user_key_holder{rows[0][0].as<std::int64_t>(), std::string{pgx::text(rows[0][1])}, rows[0][2].as<bool>()};
}

} // namespace ingot::storage
