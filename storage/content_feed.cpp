#include "storage/content_feed.hpp"

#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// The last place that is taken. Asked first: all up to it is committed, and the next statement sees it.
constexpr auto last_place_sql = "SELECT last FROM content_feed";

// Syncs in the order of their places, and of each the changes by its index, no more than a page: a sync of a million files costs
// its page alone.
constexpr auto page_of_changes_sql = R"sql(
  SELECT s.feed, c.ordinal, s.repository_id, s.id, COALESCE(s.commit_sha, ''), c.path, c.change, c.sha, c.previous_sha, c.mode,
         (extract(epoch FROM c.created_at) * 1000000)::bigint
  FROM content_syncs s CROSS JOIN LATERAL (
    SELECT * FROM content_changes c
    WHERE c.sync_id = s.id AND c.ordinal > CASE WHEN s.feed = $1 THEN $2 ELSE 0 END
    ORDER BY c.ordinal LIMIT $3) c
  WHERE s.feed >= $1
    AND ($4::bool OR s.repository_id IN (SELECT r.id FROM provider_repositories r WHERE r.user_id = $5))
    AND ($6 = 0 OR s.repository_id = $6)
  ORDER BY s.feed, c.ordinal LIMIT $3
)sql";

feed_change read_change(const pqxx::row& row) {
  auto out = feed_change{};
  out.cursor = {row[0].as<std::int64_t>(), row[1].as<std::int32_t>()};
  out.repository_id = row[2].as<std::int64_t>();
  out.sync_id = row[3].as<std::int64_t>();
  out.commit_sha = std::string{pgx::text(row[4])};
  out.path = std::string{pgx::text(row[5])};
  out.change = std::string{pgx::text(row[6])};
  out.sha = pgx::maybe<std::string>(row[7]);
  out.previous_sha = pgx::maybe<std::string>(row[8]);
  out.mode = pgx::maybe<std::uint32_t>(row[9]);
  out.at = timestamp{std::chrono::microseconds{row[10].as<std::int64_t>()}};
  return out;
}

} // namespace

feed_page read_feed(connection& db, const feed_question& what) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = feed_page{};
  const auto last = feed_cursor{pgx::query(tx, last_place_sql)[0][0].as<std::int64_t>() + 1, 0};
  for (const auto& row : pgx::query(tx, page_of_changes_sql, what.after.feed, what.after.ordinal, what.limit,
                                    !what.user.has_value(), what.user.value_or(""), what.repository_id.value_or(0)))
    out.changes.push_back(read_change(row));
  out.next = !out.changes.empty() ? out.changes.back().cursor : std::max(what.after, last);
  return out;
}

} // namespace ingot::storage
