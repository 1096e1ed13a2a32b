#include "storage/delivery_queries.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// What read() takes. extract() is exact: numeric since PostgreSQL 14.
const std::string kept_columns = R"sql(
  d.source, d.endpoint, d.delivery_id, d.event, d.action, d.content_type, COALESCE(d.hook_id, 0), COALESCE(d.repository_id, 0),
  d.repository, COALESCE(d.installation_id, 0), (extract(epoch FROM d.received_at) * 1000000)::bigint, d.outcome,
  COALESCE(d.error, ''), d.body_bytes, d.body_encoding
)sql";

// One page, newest first. The plain comparison of received_at lets the planner leave whole days out; the row comparison makes the
// order exact.
const std::string page_of_deliveries = "SELECT " + kept_columns + R"sql(
  FROM deliveries d
  WHERE ($1 = '' OR d.event = $1)
    AND ($2 = '' OR d.repository = $2 OR d.repository_id::text = $2)
    AND ($3 = '' OR d.outcome = $3)
    AND d.received_at >= $4::timestamptz
    AND d.received_at <= $5::timestamptz
    AND (d.received_at, d.delivery_id) < ($5::timestamptz, $6)
  ORDER BY d.received_at DESC, d.delivery_id DESC
  LIMIT $7
)sql";

// The one that was taken, found on its day through its id; and failed ones, which have no id row, through their partial index.
const std::string deliveries_of_id = "SELECT " + kept_columns + R"sql(, d.body
  FROM delivery_ids i
  JOIN deliveries d ON d.received_at = i.received_at AND d.delivery_id = i.delivery_id AND d.source = i.source
  WHERE i.source = $1 AND i.delivery_id = $2 AND d.outcome <> 'failed'
  UNION ALL
  SELECT )sql" + kept_columns + R"sql(, d.body
  FROM deliveries d
  WHERE d.outcome = 'failed' AND d.source = $1 AND d.delivery_id = $2
  ORDER BY 11 DESC
  LIMIT 100
)sql";

kept_delivery read(const pqxx::row& row) {
  auto text = [&](int column) { return std::string{pgx::text(row[column])}; };
  kept_delivery out;
  auto& x = out.kept;
  x.source = text(0);
  x.endpoint = text(1);
  x.id = text(2);
  x.event = text(3);
  x.action = text(4);
  x.content_type = text(5);
  x.hook_id = row[6].as<std::int64_t>();
  x.repository_id = row[7].as<std::int64_t>();
  x.repository = text(8);
  x.installation_id = row[9].as<std::int64_t>();
  x.received_at = timestamp{std::chrono::microseconds{row[10].as<std::int64_t>()}};
  out.outcome = text(11);
  out.error = text(12);
  x.body_bytes = row[13].as<std::uint32_t>();
  x.encoding = static_cast<body_encoding>(row[14].as<int>());
  if (row.size() > 15)
    x.body = pgx::bytes(row[15]);
  return out;
}

} // namespace

delivery_page list_deliveries(connection& db, const delivery_filter& filter, unsigned limit,
                              const std::optional<delivery_cursor>& after) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  auto since = filter.since ? to_rfc3339(*filter.since) : std::string{"-infinity"};
  auto until = after ? to_rfc3339(after->received_at) : std::string{"infinity"};
  // One more than wanted tells whether there is more.
  auto rows = pgx::query(tx, page_of_deliveries, filter.event, filter.repository, filter.outcome, since, until,
                         after ? after->id : std::string{}, static_cast<std::int64_t>(limit) + 1);
  delivery_page out;
  for (const auto& row : rows) {
    if (out.items.size() == limit) {
      const auto& last = out.items.back().kept;
      out.next = delivery_cursor{last.received_at, last.id};
      break;
    }
    out.items.push_back(read(row));
  }
  return out;
}

std::vector<kept_delivery> find_deliveries(connection& db, const std::string& source, const std::string& id) {
  connection::deadline bounded{db};
  pqxx::nontransaction tx{db.raw()};
  std::vector<kept_delivery> out;
  for (const auto& row : pgx::query(tx, deliveries_of_id, source, id))
    out.push_back(read(row));
  return out;
}

} // namespace ingot::storage
