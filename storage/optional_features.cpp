#include "storage/optional_features.hpp"

#include "telemetry/log.hpp"

#include <array>

namespace ingot::storage {

namespace {

// Rows that are updated often find room on their own page, so that an update touches no index. Facts and histories of some KB
// compress with lz4 (PostgreSQL 14+, if built with it; measured 2.5 to 3 times the throughput of pglz), and stay in the row up to
// a page's size.
constexpr auto tuning = std::to_array<const char*>({
    "ALTER TABLE repositories SET (fillfactor = 70)",
    "ALTER TABLE pull_requests SET (fillfactor = 70, toast_tuple_target = 4080)",
    "ALTER TABLE pipeline_runs SET (fillfactor = 70, toast_tuple_target = 4080)",
    "ALTER TABLE repositories ALTER facts SET COMPRESSION lz4",
    "ALTER TABLE pull_requests ALTER facts SET COMPRESSION lz4, ALTER history SET COMPRESSION lz4, "
    "ALTER description SET COMPRESSION lz4, ALTER files_changed SET COMPRESSION lz4",
    "ALTER TABLE pipeline_runs ALTER facts SET COMPRESSION lz4, ALTER history SET COMPRESSION lz4",
    "ALTER TABLE commits ALTER facts SET COMPRESSION lz4",
    // Bodies come compressed: another try would cost and gain nothing.
    "ALTER TABLE deliveries ALTER body SET STORAGE EXTERNAL",
    "ALTER TABLE deliveries_other ALTER body SET STORAGE EXTERNAL",
});

bool try_statement(connection& db, const std::string& sql) {
  try {
    auto deadline = connection::deadline{db};
    auto tx = pqxx::work{db.raw()};
    tx.exec(sql);
    tx.commit();
    return true;
  } catch (const pqxx::sql_error& e) {
    log::debug("feature is not there", {{"statement", sql}, {"reason", describe(e)}});
    return false;
  }
}

} // namespace

void tune_tables(connection& db) {
  for (const auto* sql : tuning)
    try_statement(db, sql);
  // Ids arrive in the order of time: a block range index costs nothing at each delivery and finds the old ones as well.
  if (!try_statement(db, "CREATE INDEX delivery_ids_received_at ON delivery_ids USING brin (received_at)"))
    try_statement(db, "CREATE INDEX delivery_ids_received_at ON delivery_ids (received_at)");
}

void tune_delivery_partition(connection& db, const std::string& name) {
  // A compressed body of a few KB stays in its row: no second table, no second index.
  try_statement(db, "ALTER TABLE " + name + " SET (toast_tuple_target = 8160)");
}

} // namespace ingot::storage
