#include "storage/audit_queries.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// What read_record() takes, and which lines are wanted; planned with the values, so that what does not restrict costs nothing.
const std::string wanted_lines = R"sql(
  SELECT id, (extract(epoch FROM at) * 1000000)::int8, actor, action, subject, COALESCE(details ->> 'reason', ''), count,
         before::text, after::text, request_id, seq, encode(hash, 'hex')
  FROM audit_log
  WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR subject = $3)
    AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
)sql";

// A page, the newest first.
const std::string newest_page = wanted_lines + "AND id < $6 ORDER BY id DESC LIMIT $7";

// A page, the oldest first.
const std::string oldest_page = wanted_lines + "AND id > $6 ORDER BY id LIMIT $7";

audit_record read_record(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  auto out = audit_record{};
  out.id = row[0].as<std::int64_t>();
  out.at = timestamp{std::chrono::microseconds{row[1].as<std::int64_t>()}};
  out.actor = text(2);
  out.action = text(3);
  out.subject = text(4);
  out.reason = text(5);
  out.count = row[6].as<std::int64_t>();
  out.before = text(7);
  out.after = text(8);
  out.request_id = text(9);
  out.seq = pgx::maybe<std::int64_t>(row[10]);
  out.hash = text(11);
  return out;
}

std::optional<std::string> unless_empty(const std::string& x) {
  return x.empty() ? std::nullopt : std::optional{x};
}

std::optional<std::string> time_text(const std::optional<timestamp>& x) {
  return x ? std::optional{to_rfc3339(*x)} : std::nullopt;
}

std::vector<audit_record> page(connection& db, const std::string& statement, const audit_filter& x, std::int64_t from,
                               unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<audit_record>{};
  for (const auto& row : pgx::query(tx, statement, unless_empty(x.actor), unless_empty(x.action), unless_empty(x.subject),
                                    time_text(x.since), time_text(x.until), from, limit))
    out.push_back(read_record(row));
  return out;
}

} // namespace

std::vector<audit_record> newest_audit_lines(connection& db, const audit_filter& filter, std::int64_t before, unsigned limit) {
  return page(db, newest_page, filter, before, limit);
}

std::vector<audit_record> oldest_audit_lines(connection& db, const audit_filter& filter, std::int64_t after, unsigned limit) {
  return page(db, oldest_page, filter, after, limit);
}

} // namespace ingot::storage
