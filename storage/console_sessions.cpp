#include "storage/console_sessions.hpp"

#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// Somebody whose account lives and has the password that was verified. It is locked, so that neither changes before the session
// is there to be ended with it.
constexpr auto hold_reviewer = "SELECT FROM reviewers WHERE id = $1 AND password_hash = $2 AND removed_at IS NULL FOR SHARE";

constexpr auto insert_session = R"sql(
  INSERT INTO console_sessions (token_hash, reviewer_id, admin_proof, address, agent, created_at, last_seen_at, expires_at)
  VALUES ($1::bytea, $2, $3::bytea, $4, $5, $6::timestamptz, $6::timestamptz, $7::timestamptz) RETURNING id
)sql";

// Those that are over, some at a time.
constexpr auto forget_sessions = R"sql(
  DELETE FROM console_sessions WHERE id IN (
    SELECT id FROM console_sessions WHERE expires_at < $1::timestamptz ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
)sql";

// The longest unseen of one person, past what one may have.
constexpr auto end_surplus = R"sql(
  DELETE FROM console_sessions WHERE reviewer_id IS NOT DISTINCT FROM $1::int8 AND id NOT IN (
    SELECT id FROM console_sessions WHERE reviewer_id IS NOT DISTINCT FROM $1::int8
    ORDER BY last_seen_at DESC, id DESC LIMIT $2)
)sql";

// The mark of use is to the minute, so that a session costs one write a minute.
constexpr auto holder_of_hash = R"sql(
  WITH seen AS (
    UPDATE console_sessions SET last_seen_at = date_trunc('minute', $2::timestamptz)
    WHERE token_hash = $1::bytea AND last_seen_at < date_trunc('minute', $2::timestamptz)
  )
  SELECT s.id, s.reviewer_id, COALESCE(r.name, ''), COALESCE(r.role, 'admin'), s.admin_proof,
         (extract(epoch FROM s.expires_at) * 1000000)::int8
  FROM console_sessions s LEFT JOIN reviewers r ON r.id = s.reviewer_id
  WHERE s.token_hash = $1::bytea AND s.expires_at > $2::timestamptz AND r.removed_at IS NULL
)sql";

// A page of live ones.
constexpr auto page_of_sessions = R"sql(
  SELECT s.id, COALESCE(r.name, ''), COALESCE(r.role, 'admin'), s.address, s.agent,
         (extract(epoch FROM s.created_at) * 1000000)::int8, (extract(epoch FROM s.last_seen_at) * 1000000)::int8,
         (extract(epoch FROM s.expires_at) * 1000000)::int8
  FROM console_sessions s LEFT JOIN reviewers r ON r.id = s.reviewer_id
  WHERE s.expires_at > $1::timestamptz AND s.id < $2 AND ($3::int8 IS NULL OR s.reviewer_id = $3)
  ORDER BY s.id DESC LIMIT $4
)sql";

constexpr auto delete_session = R"sql(
  WITH ended AS (
    DELETE FROM console_sessions WHERE id = $1 AND ($2::int8 IS NULL OR reviewer_id = $2) RETURNING reviewer_id
  )
  SELECT COALESCE(r.name, '') FROM ended e LEFT JOIN reviewers r ON r.id = e.reviewer_id
)sql";

timestamp time_of(const pqxx::field& x) {
  return timestamp{std::chrono::microseconds{x.as<std::int64_t>()}};
}

person_role role_of(const pqxx::field& x) {
  return parse_person_role(pgx::text(x)).value_or(person_role::reviewer);
}

void end_surplus_of(pqxx::transaction_base& tx, const std::optional<std::int64_t>& who) {
  const auto kept = static_cast<std::int64_t>(sessions_per_person_max);
  who ? pgx::query(tx, end_surplus, *who, kept) : pgx::query(tx, end_surplus, std::nullopt, kept);
}

pqxx::result insert(pqxx::transaction_base& tx, const new_session& x) {
  const auto at = to_rfc3339(x.at), end = to_rfc3339(x.expires_at);
  if (x.reviewer_id)
    return pgx::query(tx, insert_session, pgx::binary{x.token_hash}, *x.reviewer_id, std::nullopt, x.address, x.agent, at, end);
  return pgx::query(tx, insert_session, pgx::binary{x.token_hash}, std::nullopt, pgx::binary{x.admin_proof}, x.address, x.agent,
                    at, end);
}

} // namespace

std::int64_t begin_session(connection& db, const new_session& x) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (x.reviewer_id && pgx::query(tx, hold_reviewer, *x.reviewer_id, x.password_hash).empty())
    throw refused_change{{fault::conflict, "this account was removed, or got another password, just now", {}}};
  pgx::query(tx, forget_sessions, to_rfc3339(x.at));
  const auto id = insert(tx, x)[0][0].as<std::int64_t>();
  end_surplus_of(tx, x.reviewer_id);
  append_audit_line(tx, {x.actor, x.at}, "signed in", "session " + std::to_string(id), x.address);
  tx.commit();
  return id;
}

std::optional<session_holder> find_session(connection& db, std::string_view token_hash, timestamp at) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, holder_of_hash, pgx::binary{token_hash}, to_rfc3339(at));
  if (rows.empty())
    return std::nullopt;
  auto out = session_holder{};
  out.id = rows[0][0].as<std::int64_t>();
  out.reviewer_id = pgx::maybe<std::int64_t>(rows[0][1]);
  out.name = pgx::text(rows[0][2]);
  out.role = role_of(rows[0][3]);
  out.admin_proof = pgx::bytes(rows[0][4]);
  out.expires_at = time_of(rows[0][5]);
  tx.commit();
  return out;
}

std::vector<session_record> list_sessions(connection& db, const std::optional<std::int64_t>& whose, timestamp at,
                                          std::int64_t before, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  auto out = std::vector<session_record>{};
  for (const auto& row : whose ? pgx::query(tx, page_of_sessions, to_rfc3339(at), before, *whose, limit)
                               : pgx::query(tx, page_of_sessions, to_rfc3339(at), before, std::nullopt, limit)) {
    auto x = session_record{};
    x.id = row[0].as<std::int64_t>();
    x.name = pgx::text(row[1]);
    x.role = role_of(row[2]);
    x.address = pgx::text(row[3]);
    x.agent = pgx::text(row[4]);
    x.created_at = time_of(row[5]);
    x.last_seen_at = time_of(row[6]);
    x.expires_at = time_of(row[7]);
    out.push_back(std::move(x));
  }
  return out;
}

void end_session(connection& db, std::int64_t id, const std::optional<std::int64_t>& whose, const char* action,
                 const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = whose ? pgx::query(tx, delete_session, id, *whose) : pgx::query(tx, delete_session, id, std::nullopt);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no such session: " + std::to_string(id), {}}};
  append_audit_line(tx, by, action, "session " + std::to_string(id), std::string{pgx::text(rows[0][0])});
  tx.commit();
}

} // namespace ingot::storage
