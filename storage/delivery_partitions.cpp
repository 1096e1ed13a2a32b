#include "storage/day_partitions.hpp"
#include "storage/deliveries.hpp"
#include "storage/optional_features.hpp"
#include "storage/pgx.hpp"

#include <chrono>

namespace ingot::storage {

namespace {

// Ids that no sender can deliver again; a bounded number, so that no transaction is long.
constexpr auto forget_ids = R"sql(
  DELETE FROM delivery_ids WHERE (source, delivery_id) IN (
    SELECT source, delivery_id FROM delivery_ids WHERE received_at < $1::timestamptz ORDER BY received_at LIMIT 10000)
)sql";

} // namespace

void make_delivery_partitions(connection& db, timestamp today, int days_ahead) {
  const auto first = std::chrono::floor<std::chrono::days>(today) - std::chrono::days{1};
  make_day_partitions(db, "deliveries", first, first + std::chrono::days{days_ahead + 1}, std::chrono::days{1},
                      [&](const std::string& name) { tune_delivery_partition(db, name); });
}

long apply_delivery_retention(connection& db, timestamp today, const retention_settings& keep) {
  const auto day = std::chrono::floor<std::chrono::days>(today);
  auto dropped = 0L;
  for (const auto& x : day_partitions(db, "deliveries"))
    if (x.first_day + std::chrono::days{keep.deliveries_days} < day && drop_partition(db, x.name))
      ++dropped;
  const auto oldest = day_text(day - std::chrono::days{keep.delivery_ids_days});
  auto deadline = connection::deadline{db};
  auto tx = pqxx::work{db.raw()};
  const auto forgotten = static_cast<long>(pgx::query(tx, forget_ids, oldest).affected_rows());
  tx.commit();
  return dropped + forgotten;
}

} // namespace ingot::storage
