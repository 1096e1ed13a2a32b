#pragma once

#include "config/settings.hpp"
#include "storage/connection.hpp"

/// How long application events are kept, and what is known of them.
namespace ingot::storage {

/// Makes the partitions of events from `days_back` days ago to `days_ahead` from now, and those of what goes with them, where
/// missing. Throws what libpqxx throws.
void make_event_partitions(connection& db, timestamp today, int days_back, int days_ahead);

/// Drops days of events older than `events_days` that are rolled up (metric_days), then their idempotency keys, up to 10,000;
/// what is known of requests and of views as soon as it can matter no more. Throws what libpqxx throws.
/// @returns how many partitions and rows; 0: there are no more
long apply_event_retention(connection& db, timestamp today, const retention_settings& keep, const event_settings& rules);

} // namespace ingot::storage
