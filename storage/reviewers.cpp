#include "storage/reviewers.hpp"

#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// What read() takes.
const std::string reviewer_columns = R"sql(
  id, name, email, role, (extract(epoch FROM created_at) * 1000000)::int8,
  (extract(epoch FROM updated_at) * 1000000)::int8, (extract(epoch FROM removed_at) * 1000000)::int8
)sql";

// Adds somebody; of a name that was removed the row is taken back into use.
const std::string insert_reviewer = R"sql(
  INSERT INTO reviewers AS r (name, email, role, password_hash, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5::timestamptz, $5::timestamptz)
  ON CONFLICT (name) DO UPDATE SET email = $2, role = $3, password_hash = $4, updated_at = $5::timestamptz, removed_at = NULL
    WHERE r.removed_at IS NOT NULL
  RETURNING )sql" + reviewer_columns;

// A page of all.
const std::string page_of_reviewers = "SELECT " + reviewer_columns + "FROM reviewers WHERE id > $1 ORDER BY id LIMIT $2";

// Without a password nobody signs in.
const std::string end_reviewer = R"sql(
  UPDATE reviewers SET password_hash = '', removed_at = $2::timestamptz, updated_at = $2::timestamptz
  WHERE name = $1 AND removed_at IS NULL RETURNING )sql" +
                                 reviewer_columns;

const std::string set_password = R"sql(
  UPDATE reviewers SET password_hash = $3, updated_at = $2::timestamptz
  WHERE name = $1 AND removed_at IS NULL RETURNING )sql" +
                                 reviewer_columns;

// Sessions of somebody whose password counts no more.
constexpr auto end_sessions_of = "DELETE FROM console_sessions WHERE reviewer_id = $1";

const std::string reviewer_of_name =
    "SELECT " + reviewer_columns + ", password_hash FROM reviewers WHERE name = $1 AND removed_at IS NULL";

timestamp time_of(const pqxx::field& x) {
  return timestamp{std::chrono::microseconds{x.as<std::int64_t>()}};
}

reviewer_record read(const pqxx::row& row) {
  auto out = reviewer_record{};
  out.id = row[0].as<std::int64_t>();
  out.name = pgx::text(row[1]);
  out.email = pgx::text(row[2]);
  out.role = parse_person_role(pgx::text(row[3])).value_or(person_role::reviewer);
  out.created_at = time_of(row[4]);
  out.updated_at = time_of(row[5]);
  if (!row[6].is_null())
    out.removed_at = time_of(row[6]);
  return out;
}

std::string subject_of(const reviewer_record& x) {
  return "reviewer " + x.name;
}

void judge(const new_reviewer& x) {
  auto wrong = std::vector<fault_detail>{};
  if (auto why = judge_reviewer_name(x.name))
    wrong.push_back({"/name", std::move(*why)});
  if (auto why = judge_email(x.email))
    wrong.push_back({"/email", std::move(*why)});
  if (!wrong.empty()) {
    auto message = wrong.front().message;
    throw refused_change{{fault::invalid_fields, std::move(message), std::move(wrong)}};
  }
}

/// An account that `statement` changes, by which its sessions end.
reviewer_record change(connection& db, const std::string& statement, const std::string& name, const operator_action& by,
                       const char* action, const std::string& password_hash = {}) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto at = to_rfc3339(by.at);
  const auto rows =
      password_hash.empty() ? pgx::query(tx, statement, name, at) : pgx::query(tx, statement, name, at, password_hash);
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no reviewer of the name " + name, {{"name", name}}}};
  auto out = read(rows[0]);
  pgx::query(tx, end_sessions_of, out.id);
  append_audit_line(tx, by, action, subject_of(out));
  tx.commit();
  return out;
}

} // namespace

reviewer_record add_reviewer(connection& db, const new_reviewer& x, const operator_action& by) {
  judge(x);
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows =
      pgx::query(tx, insert_reviewer, x.name, x.email, std::string{to_string(x.role)}, x.password_hash, to_rfc3339(by.at));
  if (rows.empty())
    throw refused_change{{fault::conflict, "there is a reviewer of the name " + x.name + " already", {{"/name", "is taken"}}}};
  auto out = read(rows[0]);
  append_audit_line(tx, by, "reviewer added", subject_of(out), std::string{to_string(out.role)});
  tx.commit();
  return out;
}

std::vector<reviewer_record> list_reviewers(connection& db, std::int64_t after, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  auto out = std::vector<reviewer_record>{};
  for (const auto& row : pgx::query(tx, page_of_reviewers, after, limit))
    out.push_back(read(row));
  return out;
}

reviewer_record remove_reviewer(connection& db, const std::string& name, const operator_action& by) {
  return change(db, end_reviewer, name, by, "reviewer removed");
}

reviewer_record change_password(connection& db, const std::string& name, const std::string& password_hash,
                                const operator_action& by) {
  return change(db, set_password, name, by, "password changed", password_hash);
}

std::optional<reviewer_credentials> find_reviewer(connection& db, const std::string& name) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  const auto rows = pgx::query(tx, reviewer_of_name, name);
  if (rows.empty())
    return std::nullopt;
  return reviewer_credentials{read(rows[0]), std::string{pgx::text(rows[0][7])}};
}

} // namespace ingot::storage
