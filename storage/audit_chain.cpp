#include "storage/audit_chain.hpp"

#include "storage/binary_array.hpp"
#include "storage/pgx.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ingot::storage {

namespace {

/// Lines that one look of a verification reads.
constexpr unsigned page_lines = 5'000;

/// A chain of many millions of lines may take so long.
constexpr auto verification_max = std::chrono::hours{4};

// Is there anything to seal? Asked without a lock, so that an idle node writes nothing.
constexpr auto any_unsealed = "SELECT id FROM audit_log WHERE seq IS NULL LIMIT 1";

// The end of the chain, for who wants to go on with it; nothing while another node does.
constexpr auto lock_head = "SELECT lines, hash FROM audit_chain FOR UPDATE SKIP LOCKED";

// The end of the chain.
constexpr auto read_head = "SELECT lines, hash FROM audit_chain";

// What the seal of a line is computed over.
const std::string entry_columns = R"sql(
  id, (extract(epoch FROM at) * 1000000)::int8, actor, action, subject, count, details::text, before::text, after::text, request_id
)sql";

// The oldest lines without a seal. A line of a transaction that commits later comes later, whatever its id.
const std::string unsealed_lines =
    "SELECT " + entry_columns + "FROM audit_log WHERE seq IS NULL ORDER BY id LIMIT " + std::to_string(audit_seal_batch);

// Seals them: seq, previous_hash and hash of each id.
constexpr auto write_seals = R"sql(
  UPDATE audit_log a SET seq = u.seq, previous_hash = u.previous_hash, hash = u.hash
  FROM unnest($1::int8[], $2::int8[], $3::bytea[], $4::bytea[]) AS u (id, seq, previous_hash, hash)
  WHERE a.id = u.id AND a.seq IS NULL
)sql";

// The end moves with them.
constexpr auto move_head = "UPDATE audit_chain SET lines = $1, hash = $2::bytea";

// The next lines of the chain, those of one place by their ids.
const std::string sealed_lines = "SELECT " + entry_columns + R"sql(
  , seq, previous_hash, hash FROM audit_log WHERE seq IS NOT NULL AND (seq, id) > ($1::int8, $2::int8) ORDER BY seq, id LIMIT $3
)sql";

// How many wait, and how many for longer than so many seconds.
constexpr auto count_unsealed = R"sql(
  SELECT count(*), count(*) FILTER (WHERE at < now() - make_interval(secs => $1)) FROM audit_log WHERE seq IS NULL
)sql";

// What waits, for the metrics: some thousand lines at most are looked at.
const std::string measure_unsealed = "SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0) FROM (SELECT at FROM "
                                     "audit_log WHERE seq IS NULL ORDER BY id "
                                     "LIMIT " +
                                     std::to_string(unsealed_counted_max) + ") AS waiting";

audit::entry read_entry(const pqxx::row& row) {
  auto out = audit::entry{};
  out.id = row[0].as<std::int64_t>();
  out.at = timestamp{std::chrono::microseconds{row[1].as<std::int64_t>()}};
  out.actor = pgx::text(row[2]);
  out.action = pgx::text(row[3]);
  out.subject = pgx::text(row[4]);
  out.count = row[5].as<std::int64_t>();
  out.details = pgx::text(row[6]);
  out.before = pgx::maybe<std::string>(row[7]);
  out.after = pgx::maybe<std::string>(row[8]);
  out.request_id = pgx::maybe<std::string>(row[9]);
  return out;
}

audit::chain_end read_end(const pqxx::row& row) {
  return {row[0].as<std::int64_t>(), pgx::bytes(row[1])};
}

/// Whether there may be more. Each page has the time of a statement.
bool walk_page(connection& db, pqxx::work& tx, std::pair<std::int64_t, std::int64_t>& after, audit::chain_walk& walk,
               audit_report& report) {
  auto deadline = connection::deadline{db};
  const auto rows = pgx::query(tx, sealed_lines, after.first, after.second, page_lines);
  for (const auto& row : rows) {
    const auto entry = read_entry(row);
    const auto claimed = audit::seal{row[10].as<std::int64_t>(), pgx::bytes(row[11]), pgx::bytes(row[12])};
    report.damage = walk.next(entry, claimed);
    if (report.damage)
      return false;
    after = {claimed.seq, entry.id};
  }
  return rows.size() == page_lines;
}

} // namespace

std::size_t seal_audit_lines(connection& db) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (pgx::query(tx, any_unsealed).empty())
    return 0;
  const auto head = pgx::query(tx, lock_head);
  if (head.empty() && pgx::query(tx, read_head).empty())
    throw chain_head_missing{};
  if (head.empty())
    return 0; // another node seals
  const auto rows = pgx::query(tx, unsealed_lines);
  if (rows.empty())
    return 0;
  auto end = read_end(head[0]);
  auto id = int8_array{}, seq = int8_array{};
  auto previous = bytea_array{}, hash = bytea_array{};
  for (const auto& row : rows) {
    const auto entry = read_entry(row);
    const auto seal = audit::seal_behind(end, entry);
    id.add(entry.id);
    seq.add(seal.seq);
    previous.add(seal.previous_hash);
    hash.add(seal.hash);
    end = {seal.seq, seal.hash};
  }
  pgx::query(tx, write_seals, id.parameter(), seq.parameter(), previous.parameter(), hash.parameter());
  pgx::query(tx, move_head, end.lines, pgx::binary{end.hash});
  tx.commit();
  return rows.size();
}

audit_report verify_audit(connection& db, const std::optional<audit::chain_end>& anchor) {
  auto limit = connection::deadline{db, verification_max};
  auto tx = pqxx::work{db.raw()};
  tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  auto out = audit_report{};
  const auto head = pgx::query(tx, read_head);
  auto walk = audit::chain_walk{anchor};
  for (auto after = std::pair<std::int64_t, std::int64_t>{std::numeric_limits<std::int64_t>::min(), 0};
       walk_page(db, tx, after, walk, out);) {
  }
  out.end = walk.end();
  if (!out.damage)
    out.damage = head.empty() ? audit::damage{0, 0, "the head of the chain is missing"} : walk.finish(read_end(head[0]));
  const auto waiting = pgx::query(tx, count_unsealed, std::chrono::seconds{seal_overdue_after}.count())[0];
  out.unsealed = waiting[0].as<std::int64_t>();
  out.overdue = waiting[1].as<std::int64_t>();
  return out;
}

seal_backlog count_unsealed_lines(connection& db) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  const auto row = tx.exec(measure_unsealed)[0];
  return {row[0].as<std::int64_t>(), std::max(0.0, row[1].as<double>())};
}

} // namespace ingot::storage
