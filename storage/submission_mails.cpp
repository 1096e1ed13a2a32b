#include "storage/submission_mails.hpp"

#include "model/email_address.hpp"
#include "model/sha256.hpp"
#include "model/signature.hpp"
#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// Is mail unwanted?
constexpr auto opted_out = "SELECT 1 FROM mail_opt_outs WHERE address_hash = $1::bytea";

// From now on it is.
constexpr auto insert_opt_out = R"sql(
  INSERT INTO mail_opt_outs (address_hash, at) VALUES ($1::bytea, $2::timestamptz) ON CONFLICT (address_hash) DO NOTHING
)sql";

// It is wanted again.
constexpr auto delete_opt_out = "DELETE FROM mail_opt_outs WHERE address_hash = $1::bytea";

// One more of a day; no row when there were $3.
constexpr auto count_mail = R"sql(
  INSERT INTO mails_unasked AS m (address_hash, day, mails) VALUES ($1::bytea, ($2::timestamptz AT TIME ZONE 'UTC')::date, 1)
  ON CONFLICT (address_hash, day) DO UPDATE SET mails = m.mails + 1 WHERE m.mails < $3
  RETURNING mails
)sql";

// Days that are over, without waiting for who counts.
constexpr auto forget_counts = R"sql(
  DELETE FROM mails_unasked WHERE (address_hash, day) IN (
    SELECT address_hash, day FROM mails_unasked WHERE day < ($1::timestamptz AT TIME ZONE 'UTC')::date - 1
    LIMIT 10000 FOR UPDATE SKIP LOCKED)
)sql";

std::string hash_of(const std::string& address) {
  return sha256(email_address_key(address));
}

/// As the audit log names it.
std::string subject_of(const std::string& hash) {
  return "mail " + to_hex(hash).substr(0, 16);
}

} // namespace

bool wants_mail(connection& db, const std::string& address) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  return pgx::query(tx, opted_out, pgx::binary{hash_of(address)}).empty();
}

void opt_out_of_mail(connection& db, const std::string& address, const operator_action& by) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto hash = hash_of(address);
  pgx::query(tx, insert_opt_out, pgx::binary{hash}, to_rfc3339(by.at));
  append_audit_line(tx, by, "mail unsubscribed", subject_of(hash));
  tx.commit();
}

void opt_in_to_mail(pqxx::transaction_base& tx, const std::string& address, const operator_action& by) {
  const auto hash = hash_of(address);
  if (pgx::query(tx, delete_opt_out, pgx::binary{hash}).affected_rows() > 0)
    append_audit_line(tx, by, "mail subscribed", subject_of(hash));
}

bool count_unasked_mail(pqxx::transaction_base& tx, const std::string& address, timestamp now) {
  const auto hash = hash_of(address);
  return !pgx::query(tx, count_mail, pgx::binary{hash}, to_rfc3339(now), mails_unasked_max).empty();
}

void forget_unasked_mails(pqxx::transaction_base& tx, timestamp now) {
  pgx::query(tx, forget_counts, to_rfc3339(now));
}

} // namespace ingot::storage
