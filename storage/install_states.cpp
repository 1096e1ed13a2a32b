#include "storage/install_states.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// Those that are over, or were shown, are of no more use.
constexpr auto forget_over = "DELETE FROM install_states WHERE expires_at < $1::timestamptz - interval '1 day' OR used_at < "
                             "$1::timestamptz - interval '1 day'";

// A user's oldest ones give way, so that nobody fills the table.
constexpr auto forget_beyond = R"sql(
  DELETE FROM install_states WHERE user_id = $1 AND used_at IS NULL AND token_hash NOT IN (
    SELECT token_hash FROM install_states WHERE user_id = $1 AND used_at IS NULL ORDER BY created_at DESC, token_hash LIMIT $2)
)sql";

// Another one.
constexpr auto insert_token = R"sql(
  INSERT INTO install_states (token_hash, purpose, user_id, created_at, expires_at)
  VALUES ($1::bytea, $2, $3, $4::timestamptz, $5::timestamptz)
)sql";

// Shown once: of two at the same time, one finds it.
constexpr auto use_token = R"sql(
  UPDATE install_states SET used_at = $3::timestamptz
  WHERE token_hash = $1::bytea AND purpose = $2 AND used_at IS NULL AND expires_at > $3::timestamptz
  RETURNING user_id
)sql";

} // namespace

void keep_install_token(connection& db, std::string_view token, install_purpose what, const std::string& user_id,
                        timestamp expires_at, timestamp now) {
  const auto hash = install_token_hash(token);
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  pgx::query(tx, forget_over, to_rfc3339(now));
  pgx::query(tx, forget_beyond, user_id, install_states_max - 1);
  pgx::query(tx, insert_token, pgx::binary{hash}, to_string(what), user_id, to_rfc3339(now), to_rfc3339(expires_at));
  tx.commit();
}

std::optional<std::string> use_install_token(connection& db, std::string_view token, install_purpose what, timestamp now) {
  const auto hash = install_token_hash(token);
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, use_token, pgx::binary{hash}, to_string(what), to_rfc3339(now));
  if (rows.empty())
    return std::nullopt;
  tx.commit();
  return std::string{pgx::text(rows[0][0])};
}

} // namespace ingot::storage
