#include "storage/crawl_sources.hpp"

#include "model/crawl/items.hpp"
#include "storage/refused_change.hpp"

namespace ingot::storage {

namespace {

// Nothing when the id is taken.
constexpr auto insert_source = R"sql(
  INSERT INTO crawl_sources (id, name, created_at) VALUES ($1, $2, $3::timestamptz) ON CONFLICT (id) DO NOTHING RETURNING id
)sql";

// What read_source() takes.
const std::string source_columns = R"sql(
  SELECT s.id, s.name, (extract(epoch FROM s.disabled_at) * 1000000)::int8, (extract(epoch FROM s.created_at) * 1000000)::int8
  FROM crawl_sources s
)sql";

const std::string page_of_sources = source_columns + "WHERE s.id > $1 ORDER BY s.id LIMIT $2";
const std::string source_of_id = source_columns + "WHERE s.id = $1";

// Disables or enables; `changed` says whether it was the other way before.
constexpr auto set_disabled = R"sql(
  WITH before AS (SELECT id, disabled_at FROM crawl_sources WHERE id = $1 FOR NO KEY UPDATE)
  UPDATE crawl_sources s SET disabled_at = CASE WHEN $2 THEN COALESCE(b.disabled_at, $3::timestamptz) END
  FROM before b WHERE s.id = b.id
  RETURNING (b.disabled_at IS NOT NULL) <> $2 AS changed
)sql";

std::optional<timestamp> read_time(const pqxx::field& x) {
  if (const auto since_1970 = pgx::maybe<std::int64_t>(x))
    return timestamp{std::chrono::microseconds{*since_1970}};
  return std::nullopt;
}

crawl_source_record read_source(const pqxx::row& row) {
  return {std::string{pgx::text(row[0])}, std::string{pgx::text(row[1])}, read_time(row[2]), *read_time(row[3])};
}

void set_source_disabled(connection& db, const std::string& id, bool disabled, const operator_action& by) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, set_disabled, id, disabled, to_rfc3339(by.at));
  if (rows.empty())
    throw refused_change{{fault::not_found, "there is no source " + id, {}}};
  if (rows[0][0].as<bool>())
    append_audit_line(tx, by, disabled ? "source disabled" : "source enabled", "source " + id);
  tx.commit();
}

} // namespace

void add_crawl_source(connection& db, const std::string& id, const std::string& name, const operator_action& by) {
  if (!crawl::is_source_id(id))
    throw refused_change{
        {fault::missing_field,
         "a source's id is made of letters, digits, `.`, `_` and `-`, " + std::to_string(crawl::source_id_size_max) + " at most",
         {{"/id", "expected such an id"}}}};
  if (name.size() > source_name_bytes_max)
    throw refused_change{
        {fault::missing_field,
         "a name has at most " + std::to_string(source_name_bytes_max) + " bytes, not " + std::to_string(name.size()),
         {{"/name", "too long"}}}};
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  if (pgx::query(tx, insert_source, id, name.empty() ? id : name, to_rfc3339(by.at)).empty())
    throw refused_change{{fault::conflict, "there is a source " + id + " already", {{"/id", "taken"}}}};
  append_audit_line(tx, by, "source added", "source " + id, name);
  tx.commit();
}

std::vector<crawl_source_record> list_crawl_sources(connection& db, const std::string& after, unsigned limit) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  auto out = std::vector<crawl_source_record>{};
  for (const auto& row : pgx::query(tx, page_of_sources, after, limit))
    out.push_back(read_source(row));
  return out;
}

std::optional<crawl_source_record> find_crawl_source(connection& db, const std::string& id) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto rows = pgx::query(tx, source_of_id, id);
  return rows.empty() ? std::nullopt : std::optional{read_source(rows[0])};
}

void disable_crawl_source(connection& db, const std::string& id, const operator_action& by) {
  set_source_disabled(db, id, true, by);
}

void enable_crawl_source(connection& db, const std::string& id, const operator_action& by) {
  set_source_disabled(db, id, false, by);
}

} // namespace ingot::storage
