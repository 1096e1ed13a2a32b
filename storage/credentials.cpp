#include "storage/credentials.hpp"

#include "config/secrets.hpp"
#include "model/json_document.hpp"
#include "model/json_members.hpp"
#include "model/json_object.hpp"
#include "model/json_text.hpp"
#include "storage/pgx.hpp"
#include "storage/refused_change.hpp"

#include <algorithm>

namespace ingot::storage {

namespace {

// The user's credential of that kind and account, made or found; its secret follows, since it is sealed for the row's id.
constexpr auto put_row = R"sql(
  INSERT INTO provider_credentials AS c (user_id, kind, account, installation_id, expires_at, refresh_expires_at)
  VALUES ($1, $2, $3, NULLIF($4::bigint, 0), $5::timestamptz, $6::timestamptz)
  ON CONFLICT (user_id, provider, kind, account) WHERE state <> 'deleted' DO UPDATE SET installation_id = excluded.installation_id,
    expires_at = excluded.expires_at, refresh_expires_at = excluded.refresh_expires_at, state = 'live', state_reason = NULL,
    version = c.version + 1, updated_at = now()
  RETURNING id, version = 1
)sql";

// The sealed columns of a row of this transaction.
constexpr auto set_secret = "UPDATE provider_credentials SET secret = $2, data_key = $3, key_id = $4 WHERE id = $1";

// What read_record() takes.
const std::string record_columns = R"sql(
  SELECT id, user_id, kind, account, installation_id, (extract(epoch FROM expires_at) * 1000000)::int8,
    (extract(epoch FROM refresh_expires_at) * 1000000)::int8, state, state_reason, key_id, version,
    (extract(epoch FROM created_at) * 1000000)::int8, (extract(epoch FROM updated_at) * 1000000)::int8
  FROM provider_credentials WHERE state <> 'deleted'
)sql";

const std::string page_of_all = record_columns + "AND id > $1 ORDER BY id LIMIT $2";
const std::string page_of_user = record_columns + "AND user_id = $3 AND id > $1 ORDER BY id LIMIT $2";
const std::string record_of_id = record_columns + "AND id = $1";

// Nothing when there is none, or it is deleted already.
constexpr auto delete_row = R"sql(
  UPDATE provider_credentials SET state = 'deleted', state_reason = NULL, secret = NULL, data_key = NULL, key_id = NULL,
    version = version + 1, updated_at = now()
  WHERE id = $1 AND state <> 'deleted' RETURNING account
)sql";

// What open_credential() needs.
constexpr auto sealed_row = R"sql(
  SELECT kind, installation_id, (extract(epoch FROM expires_at) * 1000000)::int8,
    (extract(epoch FROM refresh_expires_at) * 1000000)::int8, version, state, state_reason, data_key, secret
  FROM provider_credentials WHERE id = $1 AND state <> 'deleted'
)sql";

// The data key of a row whose version is still the one that was refreshed; locked until its secret is written.
constexpr auto lock_version =
    "SELECT data_key FROM provider_credentials WHERE id = $1 AND version = $2 AND state <> 'deleted' FOR UPDATE";

// Refreshed tokens, behind that lock.
constexpr auto save_secret = R"sql(
  UPDATE provider_credentials SET secret = $2, expires_at = $3::timestamptz, refresh_expires_at = $4::timestamptz,
    version = version + 1, updated_at = now()
  WHERE id = $1
)sql";

// Only a live one: what is suspended or deleted says more.
constexpr auto refuse_row = R"sql(
  UPDATE provider_credentials SET state = 'refused', state_reason = $2, updated_at = now() WHERE id = $1 AND state = 'live'
)sql";

constexpr auto token_bytes_max = std::size_t{8} * 1024;
constexpr auto reason_bytes_max = std::size_t{500};

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

credential_state state_of(std::string_view name) {
  for (const auto x : {credential_state::suspended, credential_state::refused, credential_state::deleted})
    if (to_string(x) == name)
      return x;
  return credential_state::live;
}

credential_record read_record(const pqxx::row& row) {
  auto out = credential_record{};
  out.id = row[0].as<std::int64_t>();
  out.user_id = pgx::text(row[1]);
  out.kind = github::credential_kind_of(pgx::text(row[2])).value_or(github::credential_kind::personal);
  out.account = pgx::text(row[3]);
  out.installation_id = pgx::maybe<std::int64_t>(row[4]);
  out.expires_at = read_time(row[5]);
  out.refresh_expires_at = read_time(row[6]);
  out.state = state_of(pgx::text(row[7]));
  out.state_reason = pgx::text(row[8]);
  out.key_id = pgx::text(row[9]);
  out.version = row[10].as<std::int64_t>();
  out.created_at = *read_time(row[11]);
  out.updated_at = *read_time(row[12]);
  return out;
}

std::optional<std::string> time_text(const std::optional<timestamp>& x) {
  return x ? std::optional{to_rfc3339(*x)} : std::nullopt;
}

/// A token goes into a header: what is not printable ASCII would be another header, or no token.
bool is_token(const std::string& x) {
  return !x.empty() && x.size() <= token_bytes_max &&
         std::all_of(x.begin(), x.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

[[noreturn]] void refuse(const char* pointer, const std::string& message) {
  throw refused_change{{fault::missing_field, message, {{pointer, message}}}};
}

void judge(const new_credential& x) {
  if (x.kind == github::credential_kind::installation) {
    if (x.installation_id <= 0)
      refuse("/installationId", "an installation's credential needs the installation's number");
    return;
  }
  if (!is_token(x.access_token))
    refuse("/token", "a token is made of printable ASCII, 8 KiB at most");
  if (!x.refresh_token.empty() && !is_token(x.refresh_token))
    refuse("/refreshToken", "a token is made of printable ASCII, 8 KiB at most");
}

std::string secret_json(const std::string& access, const std::string& refresh) {
  return json_object{}.add("access_token", access).add("refresh_token", refresh).text();
}

void read_secret(const std::string& json, github::credential& into) {
  auto document = json_document{};
  if (document.parse(json))
    throw unsealable{seal_trouble::damaged, "the secret of credential " + std::to_string(into.id) + " is no JSON: set it anew"};
  auto faults = json_faults{};
  const auto root = json_members<"access_token", "refresh_token">{{document.root(), {}, &faults}};
  into.access_token = root.text<"access_token">().value_or("");
  into.refresh_token = root.text<"refresh_token">().value_or("");
}

/// Says which column of which row it was.
template <class Open>
std::string opened(const Open& open, std::int64_t id, const char* column) {
  try {
    return open();
  } catch (const unsealable& e) {
    throw unsealable{e.why(), "credential " + std::to_string(id) + ", " + column + ": " + e.what()};
  }
}

sealing data_sealing(const std::string& sealed_key, std::int64_t id, const master_keys& keys) {
  const auto key = opened([&] { return keys.open(sealed_key, data_key_place(id)); }, id, "data_key");
  if (key.size() != sealing::key_bytes)
    throw unsealable{seal_trouble::damaged, "credential " + std::to_string(id) + ", data_key: no key is in it"};
  return sealing{key};
}

/// Seals the tokens with a new data key, and that with the master key.
void write_secret(pqxx::transaction_base& tx, const master_keys& keys, std::int64_t id, const new_credential& x) {
  const auto random = random_bytes();
  const auto key = std::string{reinterpret_cast<const char*>(random.data()), random.size()};
  const auto secret = sealing{key}.seal(secret_json(x.access_token, x.refresh_token), credential_secret_place(id), fresh_nonce());
  const auto data_key = keys.seal(key, data_key_place(id));
  pgx::query(tx, set_secret, id, pgx::binary{secret}, pgx::binary{data_key}, keys.current_id());
}

} // namespace

std::string_view to_string(credential_state x) noexcept {
  switch (x) {
  case credential_state::live:
    return "live";
  case credential_state::suspended:
    return "suspended";
  case credential_state::refused:
    return "refused";
  case credential_state::deleted:
    return "deleted";
  }
  return "";
}

kept_credential put_credential(connection& db, const master_keys& keys, const new_credential& x, const operator_action& by) {
  judge(x);
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, put_row, x.user_id, to_string(x.kind), x.account, x.installation_id, time_text(x.expires_at),
                               time_text(x.refresh_expires_at));
  const auto out = kept_credential{rows[0][0].as<std::int64_t>(), rows[0][1].as<bool>()};
  if (x.kind != github::credential_kind::installation)
    write_secret(tx, keys, out.id, x);
  append_audit_line(tx, by, out.added ? "credential added" : "credential replaced", "credential " + std::to_string(out.id),
                    std::string{to_string(x.kind)} + (x.account.empty() ? "" : " of " + x.account));
  tx.commit();
  return out;
}

std::vector<credential_record> list_credentials(connection& db, const std::optional<std::string>& user_id, std::int64_t after,
                                                unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<credential_record>{};
  for (const auto& row :
       user_id ? pgx::query(tx, page_of_user, after, limit, *user_id) : pgx::query(tx, page_of_all, after, limit))
    out.push_back(read_record(row));
  return out;
}

std::optional<credential_record> find_credential(connection& db, std::int64_t id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, record_of_id, id);
  return rows.empty() ? std::nullopt : std::optional{read_record(rows[0])};
}

void delete_credential(connection& db, std::int64_t id, const operator_action& by) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, delete_row, id);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no credential " + std::to_string(id), {}}};
  append_audit_line(tx, by, "credential deleted", "credential " + std::to_string(id), std::string{pgx::text(rows[0][0])});
  tx.commit();
}

std::optional<sealed_credential> load_credential(connection& db, std::int64_t id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, sealed_row, id);
  if (rows.empty())
    return std::nullopt;
  const auto& row = rows[0];
  auto out = sealed_credential{};
  out.known.id = id;
  out.known.kind = github::credential_kind_of(pgx::text(row[0])).value_or(github::credential_kind::personal);
  out.known.installation_id = pgx::maybe<std::int64_t>(row[1]).value_or(0);
  out.known.expires_at = read_time(row[2]);
  out.known.refresh_expires_at = read_time(row[3]);
  out.known.version = row[4].as<std::int64_t>();
  out.state = state_of(pgx::text(row[5]));
  out.state_reason = pgx::text(row[6]);
  if (!row[7].is_null() && !row[8].is_null()) {
    out.data_key = pgx::bytes(row[7]);
    out.secret = pgx::bytes(row[8]);
  }
  return out;
}

github::credential open_credential(const sealed_credential& x, const master_keys& keys) {
  auto out = x.known;
  if (!x.secret || !x.data_key)
    return out;
  const auto data = data_sealing(*x.data_key, out.id, keys);
  read_secret(opened([&] { return data.open(*x.secret, credential_secret_place(out.id)); }, out.id, "secret"), out);
  return out;
}

bool save_credential(connection& db, const master_keys& keys, const github::credential& x) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, lock_version, x.id, x.version);
  if (rows.empty() || rows[0][0].is_null())
    return false;
  const auto secret = data_sealing(pgx::bytes(rows[0][0]), x.id, keys)
                          .seal(secret_json(x.access_token, x.refresh_token), credential_secret_place(x.id), fresh_nonce());
  pgx::query(tx, save_secret, x.id, pgx::binary{secret}, time_text(x.expires_at), time_text(x.refresh_expires_at));
  tx.commit();
  return true;
}

void refuse_credential(connection& db, std::int64_t id, const std::string& reason) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto cut = std::string_view{reason}.substr(0, reason_bytes_max);
  pgx::query(tx, refuse_row, id, cut.substr(0, find_bad_utf8(cut)));
  tx.commit();
}

std::string data_key_place(std::int64_t credential_id) {
  return "provider_credentials/" + std::to_string(credential_id) + "/data_key";
}

std::string credential_secret_place(std::int64_t credential_id) {
  return "provider_credentials/" + std::to_string(credential_id) + "/secret";
}

} // namespace ingot::storage
