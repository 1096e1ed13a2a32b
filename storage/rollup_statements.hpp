#pragma once

#include "storage/pipeline.hpp"

#include <span>

namespace ingot::storage {

/// Makes a rollup's session ready: its limits, and the temporary tables that it gathers its rows in.
std::span<const named_statement> rollup_session_statements();

/// What a rollup runs from then on; they name those tables.
std::span<const named_statement> rollup_statements();

/// Those of them that read or gather, and those that write. Days are texts such as 2024-05-01.
namespace rollup_sql {

inline constexpr const char* take_days = "rollup_take_days"; ///< $1 date, $2 first of the window, $3 token, $4 force
inline constexpr const char* see_days = "rollup_see_days";   ///< the same, and changes nothing
inline constexpr const char* add_day = "rollup_add_day"; ///< $1 day, $2 are its events read, $3 are dates computed because of it?
inline constexpr const char* weigh_days = "rollup_weigh_days";        ///< once they are all added
inline constexpr const char* count_day = "rollup_count_day";          ///< $1 day, $2 views_per_day_max, $3 fork_weight
inline constexpr const char* sum_counts = "rollup_sum_counts";        ///< gives the number of events
inline constexpr const char* find_differences = "rollup_differences"; ///< of the totals
inline constexpr const char* find_moved = "rollup_find_moved";        ///< which days bear upon other dates
inline constexpr const char* find_totals = "rollup_totals";           ///< $1 fork_weight
inline constexpr const char* list_dates = "rollup_list_dates";        ///< $1 date, $2 days, $3 scored_with: date, is it scored?
inline constexpr const char* empty_sums = "rollup_empty_sums";
inline constexpr const char* sum_date = "rollup_sum_date";               ///< $1 date, $2 days, $3 decay, $4 fork_weight
inline constexpr const char* compare_rules = "rollup_compare_rules";     ///< $1 date
inline constexpr const char* compare_authors = "rollup_compare_authors"; ///< $1 date, $2 currency
inline constexpr const char* compare_boards = "rollup_compare_boards";   ///< $1 date
inline constexpr const char* count_changes = "rollup_count_changes";

inline constexpr const char* remove_rules = "rollup_remove_rules"; ///< $1 date
inline constexpr const char* update_rules = "rollup_update_rules"; ///< $1 date
inline constexpr const char* insert_rules = "rollup_insert_rules";
inline constexpr const char* remove_authors = "rollup_remove_authors";
inline constexpr const char* write_authors = "rollup_write_authors";
inline constexpr const char* write_totals = "rollup_write_totals";
inline constexpr const char* write_boards = "rollup_write_boards";
inline constexpr const char* entered = "rollup_entered"; ///< $1 date: period, rank, id, points of rules new to its leaderboards
inline constexpr const char* wait_briefly = "rollup_wait_briefly";
inline constexpr const char* lock_days = "rollup_lock_days";
inline constexpr const char* release_days = "rollup_release_days";     ///< $1 token
inline constexpr const char* note_scores = "rollup_note_scores";       ///< $1 dates (text[]), $2 scored_with, $3 days
inline constexpr const char* outdate_scores = "rollup_outdate_scores"; ///< $1 date, $2 days

} // namespace rollup_sql

} // namespace ingot::storage
