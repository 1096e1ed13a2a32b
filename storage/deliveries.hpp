#pragma once

#include "model/github/group.hpp"
#include "storage/connection.hpp"
#include "storage/pipeline.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::storage {

/// What the functions below run.
std::span<const named_statement> delivery_statements();

/// A delivery that is to be kept, and what becomes of it.
struct arriving_delivery {
  const delivery* kept = nullptr;
  delivery_outcome* outcome = nullptr; ///< before: as it is kept when its id is new; duplicate when it is not
};

/// Queues, in one statement: takes the ids and keeps the deliveries whose id is new. Every one has its outcome once the queue has
/// run; until then it is as if its id were new. Of one id the first counts.
void keep_deliveries(pipeline& db, std::vector<arriving_delivery> arrived);

/// The same for groups, and marks replayed deliveries as no longer failed. Outcomes: stored, ignored or duplicate.
void keep_deliveries(pipeline& db, std::span<github::group* const> groups);

/// Queues: one delivery is kept with outcome `failed`; its id stays free.
void keep_failed_delivery(pipeline& db, const delivery& x, std::string_view reason);

/// The kept delivery of (source, id): the one whose id was taken, else the latest that failed. Throws what libpqxx throws.
std::optional<delivery> find_delivery(connection& db, const std::string& source, const std::string& id);

/// Makes the partitions of `deliveries` for the days from `today` - 1 to `today` + `days_ahead`, where missing.
void make_delivery_partitions(connection& db, timestamp today, int days_ahead);

/// Drops the partitions whose days are older than `deliveries_days`, and forgets up to 10,000 ids older than `delivery_ids_days`.
/// @returns how many partitions and ids; 0: there are no more
long apply_delivery_retention(connection& db, timestamp today, const retention_settings& keep);

} // namespace ingot::storage
