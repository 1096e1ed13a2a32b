#pragma once

#include "storage/connection.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <vector>

/// Partitions by time, named after the day that they begin with: `deliveries_2024_05_01`. What belongs to none is in the one that
/// ends in `_other`.
namespace ingot::storage {

/// `2024-05-01`
std::string day_text(std::chrono::sys_days day);

/// `deliveries_2024_05_01`
std::string partition_name(const std::string& table, std::chrono::sys_days day);

/// One partition of a table.
struct day_partition {
  std::string name;
  std::chrono::sys_days first_day;
};

/// All but `_other`. Throws what libpqxx throws.
std::vector<day_partition> day_partitions(connection& db, const std::string& table);

/// Makes the partitions that begin with `first` and every `step` after it, up to `last`, where missing; calls `made` for each.
/// One is left out for now that another node makes at the same moment, whose rows `_other` holds (a wrong clock: it keeps that
/// day), or while somebody reads the table for long: better try again in an hour than let all commits wait. Throws what libpqxx
/// throws.
void make_day_partitions(connection& db, const std::string& table, std::chrono::sys_days first, std::chrono::sys_days last,
                         std::chrono::days step = std::chrono::days{1}, const std::function<void(const std::string&)>& made = {});

/// Drops one, waiting for nobody for long. Throws what libpqxx throws.
/// @returns false when somebody reads the table just now: the next round tries again
bool drop_partition(connection& db, const std::string& name);

/// Does `e` say that a lock was not to be had within lock_briefly?
bool is_lock_timeout(const std::exception& e);

/// Waits for a lock no longer than others can bear to wait behind it.
inline constexpr const char* lock_briefly = "SET LOCAL lock_timeout = '200ms'";

} // namespace ingot::storage
