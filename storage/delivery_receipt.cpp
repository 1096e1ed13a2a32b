#include "storage/delivery_receipt.hpp"

#include "storage/binary_array.hpp"
#include "storage/job_statements.hpp"

namespace ingot::storage {

namespace {

// What read_receipt() takes: with what is missing, and what is lost.
const std::string receipt_columns = R"sql(
  SELECT r.hook, (extract(epoch FROM r.complete_through) * 1000000)::int8, (extract(epoch FROM r.listed_through) * 1000000)::int8,
         (extract(epoch FROM r.checked_at) * 1000000)::int8, r.error,
         (SELECT count(*) FROM missed_deliveries m WHERE m.hook = r.hook AND m.unrecoverable IS NULL),
         (SELECT count(*) FROM missed_deliveries m WHERE m.hook = r.hook AND m.unrecoverable IS NOT NULL)
  FROM delivery_receipts r
)sql";

// Of one hook.
const std::string receipt_of_hook = receipt_columns + "WHERE r.hook = $1";

// Of all that were ever looked through.
const std::string all_receipts = receipt_columns + "ORDER BY r.hook LIMIT 100";

// Guids that stand for no delivery that is here.
constexpr auto unknown_of_guids = R"sql(
  SELECT u.guid FROM unnest($1::text[]) WITH ORDINALITY AS u (guid, n)
  WHERE NOT EXISTS (SELECT FROM delivery_ids d WHERE d.source = 'github' AND d.delivery_id = u.guid)
  ORDER BY u.n
)sql";

// One that is known keeps the time of its first attempt; the newest attempt is the one to be asked for.
constexpr auto keep_missed = R"sql(
  INSERT INTO missed_deliveries AS m (hook, guid, delivery_id, event, action, status, delivered_at)
  SELECT $1, * FROM unnest($2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
  ON CONFLICT (hook, guid) DO UPDATE SET
    delivery_id = GREATEST(m.delivery_id, excluded.delivery_id), delivered_at = LEAST(m.delivered_at, excluded.delivered_at),
    status = CASE WHEN excluded.delivery_id >= m.delivery_id THEN excluded.status ELSE m.status END
)sql";

// What has arrived is missed no more.
constexpr auto forget_arrived = R"sql(
  DELETE FROM missed_deliveries m WHERE m.hook = $1
    AND EXISTS (SELECT FROM delivery_ids d WHERE d.source = 'github' AND d.delivery_id = m.guid)
)sql";

// What is lost is told for a month.
constexpr auto forget_lost = "DELETE FROM missed_deliveries WHERE hook = $1 AND delivered_at < now() - interval '30 days'";

// Those that may come still before those that are lost.
constexpr auto page_of_missed = R"sql(
  SELECT guid, delivery_id, event, action, status, (extract(epoch FROM delivered_at) * 1000000)::int8, asked,
         (extract(epoch FROM asked_at) * 1000000)::int8, unrecoverable
  FROM missed_deliveries WHERE hook = $1 ORDER BY unrecoverable IS NOT NULL, delivered_at, guid LIMIT $2
)sql";

// Asked for before it is sent: an answer that is lost is not asked for twice at once.
constexpr auto mark_asked =
    "UPDATE missed_deliveries SET asked = asked + 1, asked_at = $3::timestamptz WHERE hook = $1 AND guid = $2";

// It holds nothing up from now on, and is named as lost.
constexpr auto mark_unrecoverable = "UPDATE missed_deliveries SET unrecoverable = $3 WHERE hook = $1 AND guid = $2";

// What nobody can list any more, under the time at which it begins: once, however often the look is begun anew.
constexpr auto keep_unlisted = R"sql(
  INSERT INTO missed_deliveries (hook, guid, delivery_id, event, status, delivered_at, unrecoverable)
  VALUES ($1, 'unlisted since ' || $2, 0, '', '', $3::timestamptz, $4)
  ON CONFLICT (hook, guid) DO NOTHING
)sql";

// Complete is what lies before the first that may still come. The look has the time of its node, whose clock may have been ahead:
// nobody has listed what is to come, and a time of that kind that is there already counts for nothing.
constexpr auto write_receipt = R"sql(
  INSERT INTO delivery_receipts AS r (hook, listed_through, checked_at, complete_through)
  VALUES ($1, LEAST($2::timestamptz, now() - interval '30 minutes'), $3::timestamptz,
          LEAST($2::timestamptz, now() - interval '30 minutes', (SELECT min(delivered_at) FROM missed_deliveries WHERE hook = $1 AND unrecoverable IS NULL)))
  ON CONFLICT (hook) DO UPDATE SET
    listed_through = GREATEST(CASE WHEN r.listed_through <= now() THEN r.listed_through END, excluded.listed_through),
    complete_through = GREATEST(CASE WHEN r.complete_through <= now() THEN r.complete_through END, excluded.complete_through),
    checked_at = excluded.checked_at, error = NULL
)sql";

// Nothing is known to be complete by a look that failed.
constexpr auto write_failure = R"sql(
  INSERT INTO delivery_receipts AS r (hook, complete_through, listed_through, checked_at, error)
  VALUES ($1, 'epoch', $2::timestamptz, $3::timestamptz, $4)
  ON CONFLICT (hook) DO UPDATE SET checked_at = excluded.checked_at, error = excluded.error
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

delivery_receipt read_receipt(const pqxx::row& row) {
  return {std::string{pgx::text(row[0])}, *read_time(row[1]),        *read_time(row[2]),       *read_time(row[3]),
          std::string{pgx::text(row[4])}, row[5].as<std::int64_t>(), row[6].as<std::int64_t>()};
}

github::missed_delivery read_missed(const pqxx::row& row) {
  const auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  return {text(0),          row[1].as<std::int64_t>(), text(2), text(3), text(4), *read_time(row[5]),
          row[6].as<int>(), read_time(row[7]),         text(8)};
}

/// @returns how many rows
template <class... Arguments>
std::size_t change(connection& db, const job_lease* job, const std::string& sql, const Arguments&... arguments) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  fence_job(tx, job);
  const auto rows = pgx::query(tx, sql, arguments...).affected_rows();
  tx.commit();
  return rows;
}

} // namespace

std::optional<delivery_receipt> load_receipt(connection& db, std::string_view hook) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, receipt_of_hook, hook);
  return rows.empty() ? std::nullopt : std::optional{read_receipt(rows[0])};
}

std::vector<delivery_receipt> list_receipts(connection& db) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<delivery_receipt>{};
  for (const auto& row : tx.exec(all_receipts))
    out.push_back(read_receipt(row));
  return out;
}

std::vector<std::string> unknown_guids(connection& db, std::span<const std::string> guids) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto list = text_array{};
  for (const auto& x : guids)
    list.add(x);
  auto out = std::vector<std::string>{};
  for (const auto& row : pgx::query(tx, unknown_of_guids, list.parameter()))
    out.emplace_back(pgx::text(row[0]));
  return out;
}

void note_missed(connection& db, std::string_view hook, std::span<const github::logged_delivery> missed, const job_lease* job) {
  if (missed.empty())
    return;
  auto guid = text_array{}, event = text_array{}, action = text_array{}, status = text_array{};
  auto id = int8_array{};
  auto at = timestamptz_array{};
  for (const auto& x : missed) {
    guid.add(x.guid);
    id.add(x.newest_id);
    event.add(x.event);
    action.add(x.action);
    status.add(x.status);
    at.add(x.delivered_at);
  }
  change(db, job, keep_missed, hook, guid.parameter(), id.parameter(), event.parameter(), action.parameter(), status.parameter(),
         at.parameter());
}

std::vector<github::missed_delivery> missed_deliveries(connection& db, std::string_view hook, unsigned limit) {
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  pgx::query(tx, forget_arrived, hook);
  pgx::query(tx, forget_lost, hook);
  auto out = std::vector<github::missed_delivery>{};
  for (const auto& row : pgx::query(tx, page_of_missed, hook, limit))
    out.push_back(read_missed(row));
  tx.commit();
  return out;
}

void note_asked(connection& db, std::string_view hook, const std::string& guid, timestamp at, const job_lease* job) {
  change(db, job, mark_asked, hook, guid, to_rfc3339(at));
}

void give_up(connection& db, std::string_view hook, const std::string& guid, const std::string& reason, const job_lease* job) {
  change(db, job, mark_unrecoverable, hook, guid, reason);
}

bool note_unlisted(connection& db, std::string_view hook, timestamp listed_through, timestamp until, const std::string& reason,
                   const job_lease* job) {
  return change(db, job, keep_unlisted, hook, to_rfc3339(listed_through), to_rfc3339(until), reason) > 0;
}

void conclude_look(connection& db, std::string_view hook, timestamp listed_through, timestamp now, const job_lease* job) {
  change(db, job, write_receipt, hook, to_rfc3339(listed_through), to_rfc3339(now));
}

void note_failed_look(connection& db, std::string_view hook, const std::string& error, timestamp begin, timestamp now,
                      const job_lease* job) {
  change(db, job, write_failure, hook, to_rfc3339(begin), to_rfc3339(now), error);
}

std::size_t enqueue_delivery_check(const std::string& url, const database_settings& settings, std::string_view period) {
  auto queue = pipeline{url, settings, job_statements()};
  const auto limit = queue.within_statement_timeout();
  auto job = new_job{};
  job.kind = delivery_check_kind;
  job.key = "github/deliveries";
  job.dedupe_key = std::string{delivery_check_kind} + "@" + std::string{period};
  job.priority = job_priority_max;
  enqueue_jobs(queue, {&job, 1});
  queue.run(); // a transaction of its own
  return 1;
}

} // namespace ingot::storage
