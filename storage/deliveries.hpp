#pragma once

#include "model/github/group.hpp"
#include "storage/connection.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ingot::storage {

/// The tables `deliveries` and `delivery_ids`: what was delivered, and which ids were taken.
class deliveries_table {
public:
  explicit deliveries_table(connection& db);

  /// Takes the ids and keeps the deliveries whose id is new, in one statement. Sets every item's outcome: stored, ignored or
  /// duplicate.
  void keep(pqxx::transaction_base& tx, std::span<github::group* const> groups);

  /// Keeps one delivery with outcome `failed`; its id stays free.
  void keep_failed(pqxx::transaction_base& tx, const delivery& x, std::string_view reason);

private:
  void mark_replayed(pqxx::transaction_base& tx, std::span<github::group* const> groups);
};

/// The kept delivery of (source, id): the one whose id was taken, else the latest that failed. Throws what libpqxx throws.
std::optional<delivery> find_delivery(connection& db, const std::string& source, const std::string& id);

/// Makes the partitions of `deliveries` for the days from `today` - 1 to `today` + `days_ahead`, where missing.
void make_delivery_partitions(connection& db, timestamp today, int days_ahead);

/// Drops the partitions whose days are older than `deliveries_days`, and forgets ids older than `delivery_ids_days`, 10,000 at a
/// time.
/// @returns how many partitions were dropped
int apply_delivery_retention(connection& db, timestamp today, const retention_settings& keep);

} // namespace ingot::storage
