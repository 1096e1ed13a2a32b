#include "storage/backup_snapshot.hpp"

#include "storage/migrations.hpp"
#include "storage/pgx.hpp"

namespace ingot::storage {

namespace {

// Every statement of the transaction sees what is committed by now; others may join it by the name that this gives.
constexpr auto export_sql =
    "SELECT pg_export_snapshot(), current_setting('server_version'), current_setting('server_version_num')::int, "
    "pg_database_size(current_database())";

// The contents that some row may still name.
constexpr auto keys_sql = "SELECT key FROM content_blobs WHERE key > $1 ORDER BY key LIMIT $2";

// What an empty database has none of.
constexpr auto relations_sql = R"sql(
  SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
)sql";

/// Since this version there are contents.
constexpr auto contents_schema = 8;

/// Looking for keys sorts them all.
constexpr auto keys_limit = std::chrono::minutes{10};

} // namespace

backup_snapshot::backup_snapshot(connection& db) : db_{db}, schema_version_{migrated_to(db)} {
  const auto deadline = connection::deadline{db};
  transaction_ = std::make_unique<pqxx::work>(db.raw());
  transaction_->exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  // It is idle for as long as pg_dump works.
  transaction_->exec("SET LOCAL idle_in_transaction_session_timeout = 0");
  transaction_->exec("SET LOCAL statement_timeout = '10min'");
  const auto row = transaction_->exec(export_sql)[0];
  id_ = pgx::text(row[0]);
  server_ = pgx::text(row[1]);
  server_number_ = row[2].as<int>();
  bytes_ = row[3].as<std::int64_t>();
}

backup_snapshot::~backup_snapshot() = default;

std::vector<std::string> backup_snapshot::blob_keys(const std::string& after, std::size_t count_max) {
  auto out = std::vector<std::string>{};
  if (schema_version_ < contents_schema)
    return out;
  const auto deadline = connection::deadline{db_, keys_limit};
  for (const auto& row : pgx::query(*transaction_, keys_sql, after, static_cast<std::int64_t>(count_max)))
    out.emplace_back(pgx::text(row[0]));
  return out;
}

std::int64_t count_relations(connection& db) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::nontransaction{db.raw()};
  return tx.exec(relations_sql)[0][0].as<std::int64_t>();
}

void empty_public_schema(connection& db) {
  const auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  tx.exec("DROP SCHEMA public CASCADE");
  tx.exec("CREATE SCHEMA public");
  tx.commit();
}

} // namespace ingot::storage
